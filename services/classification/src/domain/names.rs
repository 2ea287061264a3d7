//! Which words of a text are written like names: a street's or a person's name must not tell the field.

use unicode_normalization::UnicodeNormalization;

use super::runs::{Run, RunKind, is_combining, is_invisible};

/// Words that begin the name of an office, a work or a body: they tell what it is, only what follows is its name.
#[rustfmt::skip]
const TITLES: [&str; 44] = [
    "Ban", "Bí", "Bệnh", "Bộ", "Bưu", "Chi", "Chủ", "Chợ", "Công", "Cục", "Cây", "Cảng", "Cầu", "Cống", "Di", "Giám", "Hiệu",
    "Hội", "Khu", "Kênh", "Luật", "Nghị", "Nhà", "Phó", "Phòng", "Quốc", "Quỹ", "Sân", "Sở", "Thanh", "Trung", "Trường", "Trạm",
    "Tòa", "Tập", "Tổ", "Uỷ", "Viện", "Văn", "Xí", "Điện", "Đoàn", "Đèn", "Đội",
];

/// For every run whether it is part of a name: two or more capitalised words in a row, without the title before them and the
/// first word of a sentence. A text whose words are nearly all capitalised has no names.
pub(super) fn names_of(original: &str, runs: &[Run]) -> Vec<bool> {
    let capitalised: Vec<bool> = runs.iter().map(|run| is_capitalised(original, run)).collect();
    let mut names = vec![false; runs.len()];
    if 6 * capitalised.iter().filter(|is| **is).count() > 5 * runs.len() {
        return names;
    }
    let mut first = 0;
    while first < runs.len() {
        let mut end = first;
        while end < runs.len()
            && capitalised[end]
            && (end == first || follows(original, &runs[end - 1], &runs[end]))
        {
            end += 1;
        }
        if end - first >= 2 {
            let title = |run: &Run| run.opens_sentence || is_title(run.span.of(original));
            let head = runs[first..end].iter().take_while(|run| title(run)).count();
            names[first + head..end].fill(true);
        }
        first = end.max(first + 1);
    }
    names
}

fn is_capitalised(original: &str, run: &Run) -> bool {
    let mut letters = run.span.of(original).chars().filter(|c| !is_combining(*c) && !is_invisible(*c));
    run.kind == RunKind::Word
        && letters.next().is_some_and(char::is_uppercase)
        && letters.next().is_some_and(char::is_lowercase)
}

fn is_title(word: &str) -> bool {
    let word: String = word.chars().filter(|c| !is_invisible(*c)).nfc().collect();
    TITLES.contains(&word.as_str())
}

/// Whether nothing but a space stands between two runs of one sentence.
fn follows(original: &str, before: &Run, after: &Run) -> bool {
    let between = original.get(before.span.end as usize..after.span.start as usize);
    !after.opens_sentence && between.is_some_and(|between| between.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use crate::domain::text::Text;

    fn names(original: &str) -> Vec<&str> {
        let text = Text::parse(original);
        text.tokens().iter().filter(|token| token.is_name).map(|token| token.span.of(original)).collect()
    }

    #[test]
    fn names_are_told_from_titles_and_first_words() {
        assert_eq!(names("đèn đường Phan Đình Phùng hư"), ["Phan", "Đình", "Phùng"]);
        assert_eq!(names("Cầu Rạch Ráng hư. Đường Lê Lợi ngập"), ["Rạch", "Ráng", "Lê", "Lợi"]);
        assert_eq!(names("hỏi Công ty Cấp nước và Điện lực Cà Mau"), ["Cà", "Mau"]);
        assert_eq!(names("trước nhà Tám, đường Quang"), Vec::<&str>::new(), "one word is no name");
        assert_eq!(names("số nhà 5, Cái Nước, Năm Căn"), ["Cái", "Nước", "Năm", "Căn"]);
    }

    #[test]
    fn a_text_in_capitals_has_no_names() {
        assert_eq!(names("Cống Thoát Nước Bị Nghẹt Lâu Rồi"), Vec::<&str>::new());
        assert_eq!(names("ĐƯỜNG HƯ LÊ LỢI"), Vec::<&str>::new());
    }

    #[test]
    fn decomposed_letters_change_nothing() {
        let count = |text: &str| names(text).len();
        let composed = "ở Cầu Rạch Ráng, đường Âu Cơ, Điện lực Ông Đốc";
        let decomposed: String = unicode_normalization::UnicodeNormalization::nfd(composed).collect();
        assert_eq!((count(composed), count(&decomposed)), (6, 6));
    }
}
