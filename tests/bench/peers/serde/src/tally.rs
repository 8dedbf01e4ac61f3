//! The checksum of what was decoded.
use crate::event::{Binary, Event, Item, Number, Value};

#[derive(Default)]
struct Tally {
    kinds: [u64; 10],
    text: usize,
    created: i64,
    size: i64,
    strings: usize,
    numbers: usize,
    binary: usize,
    edges: u64,
    trues: u64,
    names: usize,
    bytes: usize,
}

const KINDS: [&str; 10] = ["S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"];

impl Tally {
    fn string(&mut self, text: &str) {
        self.kinds[0] += 1;
        self.strings += text.len();
    }

    fn number(&mut self, number: &Number) {
        self.kinds[1] += 1;
        self.numbers += number.0.len();
    }

    fn blob(&mut self, binary: &Binary) {
        self.kinds[2] += 1;
        self.binary += binary.0.len();
        if let (Some(first), Some(last)) = (binary.0.first(), binary.0.last()) {
            self.edges += *first as u64 + *last as u64;
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::S(text) => self.string(text),
            Value::N(number) => self.number(number),
            Value::B(binary) => self.blob(binary),
            Value::BOOL(flag) => {
                self.kinds[3] += 1;
                self.trues += *flag as u64;
            }
            Value::NULL(_) => self.kinds[4] += 1,
            Value::M(item) => {
                self.kinds[5] += 1;
                self.item(item);
            }
            Value::L(list) => {
                self.kinds[6] += 1;
                list.iter().for_each(|element| self.value(element));
            }
            Value::SS(set) => {
                self.kinds[7] += 1;
                set.iter().for_each(|element| self.string(element));
            }
            Value::NS(set) => {
                self.kinds[8] += 1;
                set.iter().for_each(|element| self.number(element));
            }
            Value::BS(set) => {
                self.kinds[9] += 1;
                set.iter().for_each(|element| self.blob(element));
            }
        }
    }

    fn item(&mut self, item: &Item) {
        for (name, value) in item {
            self.names += 1;
            self.bytes += name.len();
            self.value(value);
        }
    }
}

pub fn checksum(event: &Event) -> String {
    let mut tally = Tally::default();
    for record in &event.records {
        let change = &record.dynamodb;
        for text in [&record.event_id, &record.event_name, &record.event_source_arn, &record.aws_region,
                     &change.sequence_number, &change.stream_view_type] {
            tally.text += text.len();
        }
        tally.created += change.approximate_creation_date_time;
        tally.size += change.size_bytes;
        tally.item(&change.keys);
        tally.item(&change.new_image);
        tally.item(&change.old_image);
    }
    let kinds: String = KINDS.iter().zip(tally.kinds).map(|(name, count)| format!(" {name}={count}")).collect();
    format!("records={} text={} created={} size={}{kinds} strings={} numbers={} binary={} edges={} true={} names={}:{}",
            event.records.len(), tally.text, tally.created, tally.size, tally.strings, tally.numbers, tally.binary,
            tally.edges, tally.trues, tally.names, tally.bytes)
}
