//! The shorthand of chats and text messages, spelled out.

/// The words that a shorthand stands for, by its accented form. Only shorthands with one common reading are listed;
/// nothing that is also a word (`bit`: blocked, `hem`: alley).
pub fn expand(accented: &str) -> Option<&'static str> {
    Some(match accented {
        "ko" | "k" | "khg" | "hok" | "hông" | "hông3" => "không",
        "đc" | "dc" => "được",
        "ng" | "ngi" => "người",
        "ngta" => "người ta",
        "nc" => "nước",
        "trc" => "trước",
        "vs" => "với",
        "j" => "gì",
        "mn" | "mng" => "mọi người",
        "r" | "rui2" => "rồi",
        "cx" | "cg" | "cung4" => "cũng",
        "wa" | "wa1" | "qa" => "quá",
        "nhiu" | "nhiu2" => "nhiều",
        "bik" => "biết",
        "bjo" | "bh" => "bây giờ",
        "mk" | "mik" => "mình",
        "lm" => "làm",
        "xl" => "xử lý",
        "vđ" => "vấn đề",
        "đg" => "đường",
        "đag" => "đang",
        "tg" => "thời gian",
        "cty" => "công ty",
        "bv" => "bệnh viện",
        "ql" => "quốc lộ",
        "oto" => "ô tô",
        "gv" => "giáo viên",
        "nv" => "nhân viên",
        "csgt" => "cảnh sát giao thông",
        "ubnd" => "ủy ban nhân dân",
        "tp" => "thành phố",
        "vn" => "việt nam",
        "sđt" | "sdt" => "số điện thoại",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shorthands_are_spelled_out_and_words_are_not() {
        assert_eq!(expand("ko"), Some("không"));
        assert_eq!(expand("mn"), Some("mọi người"));
        for word in ["hem3", "hem", "bit1", "rui3", "đương2"] {
            assert_eq!(expand(word), None, "{word}");
        }
    }
}
