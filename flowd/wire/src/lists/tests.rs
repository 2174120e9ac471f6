use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn spec(id: u16, len: u16) -> FieldSpec {
    (id, len).into()
}

fn seen(element: u16, octets: &[u8], templates: &[Template]) -> (Vec<String>, Result<(), String>) {
    let mut seen = Vec::new();
    let find = |id| templates.iter().find(|it| it.id == id);
    let result = walk(spec(element, VARIABLE), octets, &find, &mut |item| {
        seen.push(match item {
            Item::Start(semantic) => format!("[{}", semantic.name().unwrap_or("?")),
            Item::Record(template) => format!("{{{template}"),
            Item::Value(field, value) => format!("{}={value:?}", field.id),
            Item::Field(field) => format!("{}=", field.id),
            Item::Unknown(part) => format!("{}?{:?}", part.template, part.octets),
            Item::RecordEnd => "}".into(),
            Item::End => "]".into(),
        });
    });
    (seen, result.map_err(|error| error.to_string()))
}

#[test]
fn a_basic_list_by_the_octets_of_section_4_5_1() {
    // Two autonomous systems of four octets; then one value of an enterprise's element of variable length.
    let plain = [3, 0, 16, 0, 4, 0, 0, 0xfd, 0xe8, 0, 0, 0xfd, 0xe9];
    let foreign = [255, 0x80, 7, 0xff, 0xff, 0, 0, 0x8b, 0x30, 2, b'a', b'b', 0];
    let list = BasicList::parse(&plain).unwrap();
    assert_eq!((list.semantic, list.field), (Semantic::AllOf, spec(16, 4)));
    let values: Vec<_> = list.values().collect::<Result<_, _>>().unwrap();
    assert_eq!(values, [[0, 0, 0xfd, 0xe8], [0, 0, 0xfd, 0xe9]]);
    let mut out = Vec::new();
    BasicList::put(list.semantic, list.field, &values, &mut out);
    assert_eq!(out, plain);
    let list = BasicList::parse(&foreign).unwrap();
    let field = FieldSpec {
        id: 7,
        len: VARIABLE,
        enterprise: 35632,
    };
    assert_eq!((list.semantic, list.field), (Semantic::Undefined, field));
    let values: Vec<_> = list.values().collect::<Result<_, _>>().unwrap();
    assert_eq!(values, [&b"ab"[..], b""]);
    out.clear();
    BasicList::put(list.semantic, list.field, &values, &mut out);
    assert_eq!(out, foreign);
    // A value that is cut off, a header that is, and values that have no octets.
    let values: Vec<_> = BasicList::parse(&plain[..11]).unwrap().values().collect();
    assert_eq!((values.len(), values[0].is_ok()), (2, true));
    let error = values[1].unwrap_err();
    assert_eq!(error.to_string(), "offset 9: 4 octets expected, 2 left");
    assert!(BasicList::parse(&plain[..4]).is_err() && BasicList::parse(&foreign[..8]).is_err());
    assert_eq!(
        BasicList::parse(&[3, 0, 16, 0, 0, 1])
            .unwrap()
            .values()
            .count(),
        0
    );
}

#[test]
fn lists_of_records_by_the_octets_of_sections_4_5_2_and_4_5_3() {
    let ports = Template::new(257, false, 0, vec![spec(7, 2), spec(11, 2)]);
    let octets = [4, 1, 1, 0, 80, 0, 81, 0, 90, 0, 91];
    let list = SubTemplateList::parse(&octets).unwrap();
    assert_eq!((list.semantic, list.template), (Semantic::Ordered, 257));
    let records: Vec<_> = list
        .records(&ports)
        .flatten()
        .map(|it| it.octets())
        .collect();
    assert_eq!(records, [[0, 80, 0, 81], [0, 90, 0, 91]]);
    let mut out = Vec::new();
    SubTemplateList::put(list.semantic, list.template, &records, &mut out);
    assert_eq!(out, octets);

    let octets = [0, 1, 1, 0, 8, 0, 80, 0, 81, 1, 2, 0, 5, 9];
    let list = SubTemplateMultiList::parse(&octets).unwrap();
    let parts: Vec<_> = list.parts().collect::<Result<_, _>>().unwrap();
    assert_eq!(
        (list.semantic, parts[0].template, parts[1].octets),
        (Semantic::NoneOf, 257, &[9][..])
    );
    out.clear();
    SubTemplateMultiList::put(
        list.semantic,
        &[(257, &[parts[0].octets]), (258, &[&[9]])],
        &mut out,
    );
    assert_eq!(out, octets);
    for (octets, error) in [
        (&[0, 1, 1, 0, 3][..], "offset 1: set length 3"),
        (&[0, 1, 1, 0, 9, 0], "offset 5: 5 octets expected, 1 left"),
    ] {
        let error_of = |list: SubTemplateMultiList| list.parts().last().unwrap().unwrap_err();
        assert_eq!(
            error_of(SubTemplateMultiList::parse(octets).unwrap()).to_string(),
            error
        );
    }
    assert!(SubTemplateList::parse(&[1, 1]).is_err() && SubTemplateMultiList::parse(&[]).is_err());
}

#[test]
fn a_walk_meets_everything_in_order() {
    let inner = Template::new(257, false, 0, vec![spec(7, 2), spec(BASIC_LIST, VARIABLE)]);
    let numbers = [3, 0, 4, 0, 1, 6, 17];
    let record = [&[0, 80, 7][..], &numbers].concat();
    let mut list = Vec::new();
    SubTemplateMultiList::put(
        Semantic::OneOrMoreOf,
        &[(257, &[&record]), (300, &[&[1, 2]])],
        &mut list,
    );
    let (met, result) = seen(SUB_TEMPLATE_MULTI_LIST, &list, std::slice::from_ref(&inner));
    let expected = [
        "[oneOrMoreOf",
        "{257",
        "7=[0, 80]",
        "291=",
        "[allOf",
        "4=[6]",
        "4=[17]",
        "]",
        "}",
        "300?[1, 2]",
        "]",
    ];
    assert_eq!((met, result), (expected.map(String::from).to_vec(), Ok(())));
    // A record that is cut off.
    let mut list = Vec::new();
    SubTemplateList::put(Semantic::AllOf, 257, &[&record, &[0, 81, 9, 3]], &mut list);
    let (met, result) = seen(SUB_TEMPLATE_LIST, &list, &[inner]);
    assert_eq!((met.len(), met.last().unwrap().as_str()), (10, "]"));
    assert_eq!(
        result.unwrap_err(),
        "template 257, offset 16: 9 octets expected, 1 left"
    );
}

#[test]
fn lists_are_read_to_a_bound() {
    for (depth, fine) in [
        (MAX_LIST_DEPTH, true),
        (MAX_LIST_DEPTH + 1, false),
        (400, false),
    ] {
        // Lists of one list each, the innermost empty.
        let mut list = vec![3, 0, 4, 0, 1];
        for _ in 1..depth {
            let mut outer = Vec::new();
            BasicList::put(
                Semantic::AllOf,
                spec(BASIC_LIST, VARIABLE),
                &[&list],
                &mut outer,
            );
            list = outer;
        }
        let (met, result) = seen(BASIC_LIST, &list, &[]);
        let balance = |mark: &str| met.iter().filter(|it| it.starts_with(mark)).count();
        assert_eq!(
            (balance("["), balance("]")),
            (depth.min(MAX_LIST_DEPTH), depth.min(MAX_LIST_DEPTH))
        );
        assert_eq!(result.is_ok(), fine);
        if !fine {
            assert_eq!(
                result.unwrap_err(),
                "offset 0: more than 16 lists inside each other"
            );
            assert_eq!(Problem::ListDepth.reason(), "list-depth");
        }
    }
}

#[test]
fn semantics_have_their_numbers() {
    for number in 0..=255 {
        assert_eq!(Semantic::from(number).number(), number);
    }
    assert_eq!(
        (Semantic::from(1).name(), Semantic::from(9).name()),
        (Some("exactlyOneOf"), None)
    );
    assert!(is_list(spec(292, VARIABLE)) && !is_list(spec(290, 4)));
    assert!(!is_list(FieldSpec {
        enterprise: 9,
        ..spec(292, VARIABLE)
    }));
}

proptest! {
    #[test]
    fn values_come_back(values in vec(vec(any::<u8>(), 0..300), 0..6), id in 0u16..0x7fff, enterprise in 0u32..3) {
        let field = FieldSpec { id, len: VARIABLE, enterprise };
        let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
        let mut out = Vec::new();
        BasicList::put(Semantic::Ordered, field, &values, &mut out);
        let list = BasicList::parse(&out).unwrap();
        prop_assert_eq!(list.field, field);
        prop_assert_eq!(list.values().collect::<Result<Vec<_>, _>>(), Ok(values));
    }

    #[test]
    fn no_octets_panic_or_loop(octets in vec(0u8..6, 0..120), element in BASIC_LIST..=SUB_TEMPLATE_MULTI_LIST) {
        // Small octets make lists and templates likely.
        let fields = vec![spec(4, 1), spec(element, VARIABLE)];
        let template = Template::new(257, false, 0, fields);
        let mut level = 0i64;
        let find = |id| (id == 257).then_some(&template);
        let _ = walk(spec(element, VARIABLE), &octets, &find, &mut |item| match item {
            Item::Start(_) | Item::Record(_) => level += 1,
            Item::RecordEnd | Item::End => level -= 1,
            _ => {}
        });
        prop_assert_eq!(level, 0);
    }
}
