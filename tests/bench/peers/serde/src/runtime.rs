//! A runtime of its own on a raw socket: GET next, decode or not, POST an answer, for ever.
use std::io::{Read, Write};
use std::net::TcpStream;

const FIRST: usize = 1 << 16;

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// The value of a header, whose name is given in lower case with its colon.
fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.split("\r\n").find(|line| line.len() > name.len() && line[..name.len()].eq_ignore_ascii_case(name))
        .map(|line| line[name.len()..].trim())
}

impl Connection {
    /// Read one reply into the buffer; where its body begins, and where it ends.
    fn receive(&mut self) -> (usize, usize) {
        let mut used = 0;
        let (mut body, mut end) = (0, usize::MAX);
        while used < end {
            if used == self.buffer.len() {
                self.buffer.resize(used * 2, 0);
            }
            let count = self.stream.read(&mut self.buffer[used..]).expect("a reply");
            if count == 0 {
                std::process::exit(0);
            }
            used += count;
            if end == usize::MAX {
                if let Some(at) = find(&self.buffer[..used], b"\r\n\r\n") {
                    let head = std::str::from_utf8(&self.buffer[..at]).expect("a head");
                    body = at + 4;
                    end = body + header(head, "content-length:").map_or(0, |text| text.parse().expect("a length"));
                    self.buffer.resize(self.buffer.len().max(end), 0);
                }
            }
        }
        (body, end)
    }
}

pub fn run(decode: bool) -> ! {
    let address = std::env::var("AWS_LAMBDA_RUNTIME_API").expect("AWS_LAMBDA_RUNTIME_API");
    let stream = TcpStream::connect(&address).expect("the Runtime API");
    stream.set_nodelay(true).expect("no delay");
    let mut connection = Connection { stream, buffer: vec![0; FIRST] };
    let next = format!("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let answer = "{\"batchItemFailures\":[]}";
    loop {
        connection.stream.write_all(next.as_bytes()).expect("a request");
        let (body, end) = connection.receive();
        let head = std::str::from_utf8(&connection.buffer[..body]).expect("a head");
        let id = header(head, "lambda-runtime-aws-request-id:").expect("an id").to_owned();
        if decode {
            crate::consume(crate::decode(&connection.buffer[body..end]));
        }
        let post = format!("POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nHost: {address}\r\n\
                            Content-Length: {}\r\n\r\n{answer}", answer.len());
        connection.stream.write_all(post.as_bytes()).expect("an answer");
        connection.receive();
    }
}
