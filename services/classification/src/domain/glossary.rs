//! The taxonomy's own words as training texts: what a leaf is called and what its description lists.

use province::Leaf;
use vocabulary::Urgency;

use super::train::Example;

/// The shortest item of a description that says something on its own, in bytes.
const SHORTEST_ITEM: usize = 6;

/// One example for each leaf's name, its whole description, and every item that the description lists. Add them to the
/// training texts, never to texts that measure.
pub fn glossary(leaves: &[Leaf]) -> Vec<Example> {
    leaves.iter().flat_map(of_leaf).collect()
}

fn of_leaf(leaf: &Leaf) -> impl Iterator<Item = Example> {
    let (name, description) = (leaf.name.vi.as_str(), leaf.description.vi.as_str());
    let items = description.split([';', ',', ':']).map(|item| item.trim().trim_end_matches('.'));
    let texts = [name, description].into_iter().chain(items).filter(|text| text.len() >= SHORTEST_ITEM);
    texts.map(|text| Example { text: text.to_owned(), leaf: leaf.code.clone(), urgency: Urgency::Normal })
}

#[cfg(test)]
mod tests {
    use province::LocalText;
    use vocabulary::{Access, Scope};

    use super::*;

    #[test]
    fn a_leaf_teaches_its_name_and_every_item_of_its_description() {
        let both = |vi: &str| LocalText { vi: vi.to_owned(), en: String::new() };
        let leaf = Leaf {
            code: "infrastructure.road".parse().unwrap(),
            field: "infrastructure".parse().unwrap(),
            scope: Scope::In,
            name: both("Đường, lộ, hẻm"),
            description: both("Ổ gà, mặt đường sụt lún; xin trải nhựa."),
            after_photo_required: true,
            access: Access::Ordinary,
            return_template: None,
        };
        let texts: Vec<String> = glossary(&[leaf]).into_iter().map(|example| example.text).collect();
        assert_eq!(
            texts,
            [
                "Đường, lộ, hẻm",
                "Ổ gà, mặt đường sụt lún; xin trải nhựa.",
                "Ổ gà",
                "mặt đường sụt lún",
                "xin trải nhựa"
            ]
        );
    }
}
