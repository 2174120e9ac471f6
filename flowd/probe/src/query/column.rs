//! A column of an answer: a field, and where flows of either family have its value.

use std::sync::Arc;

use flow::{Flow, Layout, Place, Record, Slot, Value};
use registry::element::TCP_CONTROL_BITS;
use registry::{FIELDS, Field, Source};

use super::invalid;
use api::Refusal;

/// A field with the places of its values in flows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The field that was asked for.
    pub field: &'static Field,
    /// The place of its value, by family.
    slots: [Option<Slot>; 2],
}

/// The refusal of words or a name that no field has.
pub(super) fn unknown_field(text: &str) -> Refusal {
    let names = FIELDS.iter().flat_map(|field| [field.words, field.name()]);
    let hint = match language::near(text, names) {
        Some(meant) => format!("did you mean {meant}?"),
        None => "such as ipv4 source address, or the name of an IANA element".to_owned(),
    };
    invalid(format!("there is no field {text}"))
        .hint(hint)
        .about(text)
}

impl Column {
    /// Finds a field by its words or its IANA name. Every flow has counters, times, TCP flags and the end reason, whatever
    /// its record. What both families have under different words is one column.
    ///
    /// # Errors
    /// If there is no such field, or the record does not have it.
    pub fn find(
        text: &str,
        record: &Record,
        layouts: &[Option<Arc<Layout>>; 2],
    ) -> Result<Column, Refusal> {
        // Several fields may have a name; the record's own comes first.
        let known = |field: &&'static Field| field.words == text || field.name() == text;
        let of_record = record.keys.iter().chain(&record.collects).copied();
        let field = of_record
            .chain(FIELDS)
            .find(known)
            .ok_or_else(|| unknown_field(text))?;
        let slots = [0, 1].map(|family| slot(field, layouts[family].as_deref()));
        if slots.iter().all(Option::is_none) {
            let fields = record.keys.iter().chain(&record.collects);
            let fields: Vec<&str> = fields.map(|field| field.words).collect();
            return Err(
                invalid(format!("flow record {} has no field {text}", record.name))
                    .hint(format!("it has: {}", fields.join(", ")))
                    .about(text),
            );
        }
        Ok(Column { field, slots })
    }

    /// Restricts the column to flows of the family that the field's words name.
    pub fn of_its_family(mut self) -> Column {
        if let Some(family) = self.field.family {
            self.slots[1 - family as usize] = None;
        }
        self
    }

    /// Returns a flow's value; `None` if flows of its family have none.
    #[inline]
    pub fn value(&self, flow: &Flow<'_>) -> Option<Value> {
        self.slots[flow.layout.family as usize]
            .as_ref()
            .map(|slot| flow.value(slot))
    }
}

fn slot(field: &'static Field, layout: Option<&Layout>) -> Option<Slot> {
    let layout = layout?;
    let kept = layout
        .slots
        .iter()
        .find(|slot| slot.field.element == field.element);
    if let Some(slot) = kept {
        return Some(*slot);
    }
    let place = match field.source {
        Source::Header(..) if *field.element == TCP_CONTROL_BITS => Place::TcpFlags,
        Source::Octets | Source::Packets | Source::First | Source::Last | Source::EndReason => {
            Place::Totals
        }
        _ => return None,
    };
    Some(Slot {
        field,
        key: false,
        place,
    })
}
