//! Variants of a training text in the styles citizens really write: without accents, in capitals, cut short, in
//! another region's words.

use super::solver::Random;
use super::style::Style;

/// A rewritten training text and how much it counts beside the original.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Variant {
    pub(super) text: String,
    pub(super) weight: f32,
}

/// The original and its variants. The same text and seed give the same variants.
pub(super) fn variants(text: &str, seed: u64) -> Vec<Variant> {
    let mut random = Random(seed);
    let mut all = vec![Variant { text: text.to_owned(), weight: 1.0 }];
    all.push(Variant { text: Style::NoAccents.rewrite(text), weight: 0.8 });
    let regional = swap_regional(text, &mut random);
    if regional != text {
        all.push(Variant { text: regional, weight: 0.5 });
    }
    if let Some(part) = some_sentences(text, &mut random) {
        all.push(Variant { text: part, weight: 0.4 });
    }
    all.push(Variant { text: drop_words(text, &mut random), weight: 0.4 });
    for _ in 0..2 {
        all.push(Variant { text: dress(&rename(text, &mut random), &mut random), weight: 0.5 });
    }
    all
}

/// Words of the south, centre and north for the same thing.
const REGIONAL: &[&[&str]] = &[
    &["hẻm", "kiệt", "ngõ", "ngách"],
    &["lộ", "đường", "tuyến đường"],
    &["bể", "vỡ"],
    &["ngã", "đổ"],
    &["cúp", "mất", "cắt"],
    &["kinh", "kênh"],
    &["heo", "lợn"],
    &["khóm", "tổ dân phố", "khu phố", "ấp", "thôn"],
    &["mắc", "đắt"],
    &["trụ", "cột"],
    &["đậu", "đỗ"],
    &["rớt", "rơi"],
    &["dơ", "bẩn"],
    &["hư", "hỏng"],
    &["coi", "xem"],
    &["vô", "vào"],
    &["xã", "phường"],
    &["nhậu", "nhậu nhẹt"],
    &["công an", "cơ quan chức năng"],
    &["bà con", "người dân"],
    &["tui", "tôi"],
    &["vỏ lãi", "xuồng", "ghe"],
    &["hổng", "không"],
    &["đèn đường", "điện đường"],
];

fn swap_regional(text: &str, random: &mut Random) -> String {
    let mut out = text.to_owned();
    for words in REGIONAL {
        for word in *words {
            let padded = format!(" {word} ");
            if out.contains(&padded) {
                let other = words[random.below(words.len())];
                out = out.replace(&padded, &format!(" {other} "));
                break;
            }
        }
    }
    out
}

/// One or more neighbouring sentences of a longer text; `None` if it has only one.
fn some_sentences(text: &str, random: &mut Random) -> Option<String> {
    let sentences: Vec<&str> =
        text.split_inclusive(['.', '!', '?', '\n']).filter(|s| s.trim().len() > 12).collect();
    if sentences.len() < 2 {
        return None;
    }
    let count = 1 + random.below(sentences.len() - 1);
    // The matter is most often named first.
    let first = if random.below(3) > 0 { 0 } else { random.below(sentences.len() - count + 1) };
    Some(sentences[first..first + count].concat())
}

fn drop_words(text: &str, random: &mut Random) -> String {
    let kept: Vec<&str> = text.split_whitespace().filter(|_| random.below(6) > 0).collect();
    kept.join(" ")
}

/// How letters to an authority begin and end, whatever they are about: without these the model would take courtesy
/// for content.
const OPENINGS: [&str; 14] = [
    "Kính gửi cơ quan chức năng.",
    "Kính gửi Ủy ban nhân dân [ĐỊA CHỈ].",
    "Kính gửi quý cơ quan, tôi tên là [TÊN], trú tại [ĐỊA CHỈ].",
    "Tôi xin phản ánh nội dung như sau:",
    "Tôi là người dân sống tại khu vực này, xin phản ánh:",
    "Theo phản ánh của người dân,",
    "Người dân phản ánh:",
    "Nhiều hộ dân bức xúc về việc:",
    "Hiện nay,",
    "Thời gian gần đây,",
    "Tại số [SỐ NHÀ] đường [TÊN], phường [TÊN],",
    "Trước địa chỉ [SỐ NHÀ] đường [TÊN],",
    "Nội dung phản ánh:",
    "Dạ em chào anh chị,",
];

/// See [`OPENINGS`].
const CLOSINGS: [&str; 16] = [
    "Kính mong quý cơ quan cho người xuống kiểm tra.",
    "Đề nghị ngành chức năng vào cuộc, khắc phục sớm.",
    "Kính đề nghị các cấp chính quyền quan tâm giải quyết để người dân yên tâm.",
    "Rất mong được quan tâm xử lý sớm. Xin chân thành cảm ơn.",
    "Tình trạng này kéo dài đã lâu, gây ảnh hưởng đến đời sống người dân.",
    "Nhìn rất mất mỹ quan, lại dễ xảy ra nguy hiểm.",
    "Người dân đã phản ánh nhiều lần nhưng chưa được xử lý.",
    "Xin cảm ơn.",
    "Mong sớm nhận được phản hồi.",
    "Đề nghị địa phương xem xét.",
    "Trân trọng.",
    "Kính mong quý cơ quan xem xét, giải quyết.",
    "ai cũng bức xúc.",
    "mà tới nay địa phương vẫn làm chưa tới nơi tới chốn.",
    "mong mấy anh chị coi giùm",
    "Gây khó khăn cho người dân đi lại và sinh hoạt.",
];

fn dress(text: &str, random: &mut Random) -> String {
    let mut dressed = String::new();
    if random.below(3) > 0 {
        dressed.push_str(OPENINGS[random.below(OPENINGS.len())]);
        dressed.push(' ');
    }
    dressed.push_str(text);
    for _ in 0..random.below(3) {
        dressed.push(' ');
        dressed.push_str(CLOSINGS[random.below(CLOSINGS.len())]);
    }
    dressed
}

/// Street names that every Vietnamese town has.
const NAMES: [&str; 20] = [
    "Nguyễn Trãi",
    "Lê Lợi",
    "Trần Hưng Đạo",
    "Nguyễn Huệ",
    "Hai Bà Trưng",
    "Lý Thường Kiệt",
    "Phan Bội Châu",
    "Nguyễn Du",
    "Quang Trung",
    "Hùng Vương",
    "Lê Hồng Phong",
    "Nguyễn Thị Minh Khai",
    "Phan Chu Trinh",
    "Ngô Quyền",
    "Võ Thị Sáu",
    "Trần Phú",
    "Nguyễn Văn Cừ",
    "Lê Duẩn",
    "An Khánh",
    "Hòa Bình",
];

/// Puts another name for every run of two or more capitalised words inside a sentence: a name must not tell the field.
fn rename(text: &str, random: &mut Random) -> String {
    let is_name = |word: &&str| {
        let mut letters = word.chars();
        letters.next().is_some_and(char::is_uppercase) && letters.next().is_some_and(char::is_lowercase)
    };
    let words: Vec<&str> = text.split(' ').collect();
    let mut out: Vec<&str> = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        let run = words[at..].iter().take_while(|word| is_name(word)).count();
        if run >= 2 && at > 0 {
            out.push(NAMES[random.below(NAMES.len())]);
        } else {
            out.extend(&words[at..at + run.max(1)]);
        }
        at += run.max(1);
    }
    out.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "Đường vào hẻm nhà ông Nguyễn Văn Tám bị ngập nước. Người dân không đi được!";

    #[test]
    fn variants_repeat_with_their_seed_and_begin_with_the_original() {
        assert_eq!(variants(REPORT, 1), variants(REPORT, 1));
        assert_ne!(variants(REPORT, 1), variants(REPORT, 2));
        assert_eq!(variants(REPORT, 1)[0], Variant { text: REPORT.to_owned(), weight: 1.0 });
    }

    #[test]
    fn names_inside_a_sentence_are_exchanged_and_openings_kept() {
        let renamed = rename(REPORT, &mut Random(5));
        assert!(renamed.starts_with("Đường vào hẻm nhà ông ") && !renamed.contains("Tám"), "{renamed}");
        assert!(some_sentences("Một câu duy nhất thôi.", &mut Random(5)).is_none());
    }
}
