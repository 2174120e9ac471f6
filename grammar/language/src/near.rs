//! The word that was meant by one that is spelled nearly so.

/// Characters of a typed word that are looked at; nobody means a longer one.
const LONGEST: usize = 64;

/// The one of `possible` that is spelled nearly as `typed`, whatever the case of the letters: at most a third of the letters, and three,
/// are wrong, missing, too many or swapped (Damerau-Levenshtein), and fewer than half of them in a short word. Words that
/// differ in their digits only are not near: `E3` is not a slip for `E1`.
pub fn near<'a>(typed: &str, possible: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed: String = typed
        .chars()
        .take(LONGEST)
        .collect::<String>()
        .to_lowercase();
    let letters = typed.chars().count();
    let most = (letters / 3).clamp(1, 3);
    let spelled = |word: &str| -> String {
        let letters = word.chars().filter(|c| !c.is_ascii_digit());
        letters.collect()
    };
    let typed_spelled = spelled(&typed);
    let distance = |word: &'a str| {
        if word.chars().count().abs_diff(letters) > most {
            return None;
        }
        let lower = word.to_lowercase();
        let distance = strsim::damerau_levenshtein(&typed, &lower);
        let near = distance <= most && distance * 2 < letters.max(word.len());
        let other = distance > 0 && spelled(&lower) == typed_spelled;
        // Who slips gets the first letter right.
        let first = lower.chars().next() != typed.chars().next();
        (near && !other).then_some((distance, first, word))
    };
    possible
        .into_iter()
        .filter_map(distance)
        .min()
        .map(|(_, _, word)| word)
}

/// Names that are all told; of more only their number is.
const TOLD: usize = 12;

/// What would have been right in place of a name that is not there: the near one, and the others when they are few.
pub fn which<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let meant = near(typed, names.iter().copied()).map(|meant| format!("did you mean {meant}?"));
    let others = match (names.len(), &meant) {
        (0, _) => "there is none".to_owned(),
        (1, Some(_)) => String::new(),
        (1..=TOLD, _) => format!("there are: {}", names.join(", ")),
        (many, _) => format!("there are {many} others"),
    };
    let said: Vec<String> = meant.into_iter().chain([others]).collect();
    said.join(" ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_is_a_slip_of_the_fingers() {
        let words = ["COLLECTOR", "collector-2", "E1", "E2", "tcp", "udp", "eth1"];
        for (typed, meant) in [
            ("COLECTOR", Some("COLLECTOR")),
            ("collector", Some("COLLECTOR")),
            ("collector2", Some("collector-2")),
            ("tpc", Some("tcp")),
            ("eht1", Some("eth1")),
            ("e1", Some("E1")),
            // Another name, not a slip.
            ("E3", None),
            ("ftp", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(near(typed, words), meant, "{typed}");
        }
        assert_eq!(near(&"x".repeat(1 << 20), words), None);
    }

    #[test]
    fn names_are_told_when_they_are_few() {
        for (typed, names, said) in [
            (
                "COLECTOR",
                &["COLLECTOR", "B"][..],
                "did you mean COLLECTOR? there are: COLLECTOR, B",
            ),
            ("COLECTOR", &["COLLECTOR"], "did you mean COLLECTOR?"),
            ("X", &["COLLECTOR"], "there are: COLLECTOR"),
            ("X", &[], "there is none"),
            ("X", &["A"; 13], "there are 13 others"),
        ] {
            assert_eq!(which(typed, names.iter().copied()), said);
        }
    }
}
