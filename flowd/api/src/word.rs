//! Enumerations whose values are words in JSON, in query parameters and on screens.

/// The text is none of the words that an enumeration has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no {what} {word}; possible: {}", possible.join(" "))]
pub struct NotAWord {
    /// What the words name, such as `dialect`.
    pub what: &'static str,
    /// The text.
    pub word: String,
    /// The words there are.
    pub possible: Vec<&'static str>,
}

/// Declares an enumeration of words: `enum Name "what it names" { Variant = "word" }`.
///
/// It gives the enumeration `ALL`, `word`, `Display`, `FromStr`, serde and a JSON Schema of `type` and `enum`.
macro_rules! words {
    ($(
        $(#[$about:meta])*
        $visible:vis enum $name:ident $what:literal {
            $( $(#[$of:meta])* $variant:ident = $word:literal ),+ $(,)?
        }
    )+) => { $(
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $visible enum $name {
            $( $(#[$of])* $variant ),+
        }

        impl $name {
            /// Every value, as declared.
            $visible const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The value's word.
            $visible const fn word(self) -> &'static str {
                match self {
                    $($name::$variant => $word),+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::NotAWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok($name::$variant),)+
                    _ => Err($crate::NotAWord {
                        what: $what,
                        word: word.to_owned(),
                        possible: vec![$($word),+],
                    }),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                word.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": [$($word),+] })
            }

            fn inline_schema() -> bool {
                true
            }
        }
    )+ };
}

pub(crate) use words;

#[cfg(test)]
mod tests {
    words! {
        /// A test.
        pub(super) enum Colour "colour" {
            /// Red.
            Red = "red",
            /// Green.
            LightGreen = "light-green",
        }
    }

    #[test]
    fn a_word_is_read_and_written_and_another_is_refused() {
        for colour in Colour::ALL {
            let json = serde_json::to_string(colour).unwrap();
            assert_eq!(json, format!("\"{colour}\""));
            assert_eq!(serde_json::from_str::<Colour>(&json).unwrap(), *colour);
        }
        assert_eq!(Colour::LightGreen.word(), "light-green");
        let refused = "blue".parse::<Colour>().unwrap_err().to_string();
        assert_eq!(refused, "no colour blue; possible: red light-green");
        let refused = serde_json::from_str::<Colour>("\"blue\"").unwrap_err();
        assert!(refused.to_string().contains("no colour blue"), "{refused}");
    }
}
