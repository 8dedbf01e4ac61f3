//! Typed records: what aws_lambda_events and serde_dynamo make of an event, with owned strings.
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::HashMap;
use std::fmt;

pub struct Number(pub String);

pub struct Binary(pub Vec<u8>);

#[derive(Deserialize)]
pub enum Value {
    S(String),
    N(Number),
    B(Binary),
    BOOL(bool),
    NULL(bool),
    M(Item),
    L(Vec<Value>),
    SS(Vec<String>),
    NS(Vec<Number>),
    BS(Vec<Binary>),
}

pub type Item = HashMap<String, Value>;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Change {
    pub approximate_creation_date_time: i64,
    pub keys: Item,
    #[serde(default)]
    pub new_image: Item,
    #[serde(default)]
    pub old_image: Item,
    pub sequence_number: String,
    pub size_bytes: i64,
    pub stream_view_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    #[serde(rename = "eventID")]
    pub event_id: String,
    pub event_name: String,
    #[serde(rename = "eventSourceARN")]
    pub event_source_arn: String,
    pub aws_region: String,
    pub dynamodb: Change,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Event {
    pub records: Vec<Record>,
}

fn digits(text: &[u8]) -> &[u8] {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    &text[count..]
}

fn unsigned(text: &[u8]) -> &[u8] {
    match text.first() {
        Some(b'-' | b'+') => &text[1..],
        _ => text,
    }
}

fn is_number(text: &[u8]) -> bool {
    let begin = unsigned(text);
    let mut rest = digits(begin);
    if rest.len() == begin.len() {
        return false;
    }
    if let Some((b'.', fraction)) = rest.split_first() {
        rest = digits(fraction);
        if rest.len() == fraction.len() {
            return false;
        }
    }
    if let Some((b'e' | b'E', exponent)) = rest.split_first() {
        let exponent = unsigned(exponent);
        rest = digits(exponent);
        if rest.len() == exponent.len() {
            return false;
        }
    }
    rest.is_empty()
}

struct NumberVisitor;

impl<'de> Visitor<'de> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a number as text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
        if is_number(text.as_bytes()) {
            Ok(Number(text.to_owned()))
        } else {
            Err(E::custom("not a number"))
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
        deserializer.deserialize_str(NumberVisitor)
    }
}

const ILLEGAL: u8 = 255;

const fn letters() -> [u8; 256] {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut table = [ILLEGAL; 256];
    let mut i = 0;
    while i < 64 {
        table[alphabet[i] as usize] = i as u8;
        i += 1;
    }
    table
}

static LETTERS: [u8; 256] = letters();

fn decode_four(four: &[u8]) -> Option<u32> {
    let letter = |i: usize| LETTERS[four[i] as usize];
    let (a, b, c, d) = (letter(0), letter(1), letter(2), letter(3));
    if (a | b | c | d) & 0xc0 != 0 {
        return None;
    }
    Some((a as u32) << 18 | (b as u32) << 12 | (c as u32) << 6 | d as u32)
}

/// Base64 with its padding, or None.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    if text.len() % 4 != 0 {
        return None;
    }
    let pads = text.iter().rev().take(2).take_while(|byte| **byte == b'=').count();
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let whole = if pads == 0 { text.len() } else { text.len() - 4 };
    for four in text[..whole].chunks_exact(4) {
        let bits = decode_four(four)?;
        out.extend_from_slice(&[(bits >> 16) as u8, (bits >> 8) as u8, bits as u8]);
    }
    if pads > 0 {
        let mut last = [b'A'; 4];
        last[..4 - pads].copy_from_slice(&text[whole..text.len() - pads]);
        let bits = decode_four(&last)?;
        if bits & ((1 << (8 * pads)) - 1) != 0 {
            return None;
        }
        out.extend_from_slice(&[(bits >> 16) as u8, (bits >> 8) as u8][..3 - pads]);
    }
    Some(out)
}

struct BinaryVisitor;

impl<'de> Visitor<'de> for BinaryVisitor {
    type Value = Binary;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("base64")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Binary, E> {
        decode(text.as_bytes()).map(Binary).ok_or_else(|| E::custom("not base64"))
    }
}

impl<'de> Deserialize<'de> for Binary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Binary, D::Error> {
        deserializer.deserialize_str(BinaryVisitor)
    }
}
