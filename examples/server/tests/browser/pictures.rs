//! The pictures of the documentation: made here, from the pages as they are.

use std::path::{Path, PathBuf};

use usermgmt_test_support::{Setup, registered};

use crate::admin::administered_as;
use crate::chrome::leave;
use crate::crowd;

/// Whom the list shows.
const PEOPLE: [(&str, &str); 7] = [
    ("Grace", "Hopper"),
    ("Alan", "Turing"),
    ("Katherine", "Johnson"),
    ("Edsger", "Dijkstra"),
    ("Barbara", "Liskov"),
    ("Tony", "Hoare"),
    ("Frances", "Allen"),
];

/// The side of the squares that are compared: times, and letters of another font,
/// blur in them, and what stands elsewhere does not.
const SQUARE: usize = 8;
/// By how much of 255 the colours of a square may differ.
const NEAR: usize = 24;
/// How many of a hundred squares may differ by more.
const MOST_APART: usize = 2;

/// A picture as its squares: so many in a row, each with its mean colour.
#[derive(Debug, PartialEq)]
struct Blurred {
    size: (usize, usize),
    squares: Vec<[usize; 3]>,
}

impl Blurred {
    fn of(png: &[u8]) -> Self {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
        decoder.set_transformations(png::Transformations::STRIP_16 | png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut bytes).unwrap();
        let size = (frame.width as usize, frame.height as usize);
        let step = frame.line_size / size.0;
        assert!(step >= 3, "it is in colours");
        Self::drawn(size, |x, y| {
            let at = y * frame.line_size + x * step;
            [bytes[at], bytes[at + 1], bytes[at + 2]]
        })
    }

    fn drawn(size: (usize, usize), pixel: impl Fn(usize, usize) -> [u8; 3]) -> Self {
        let mut squares = Vec::new();
        for top in (0..size.1).step_by(SQUARE) {
            for left in (0..size.0).step_by(SQUARE) {
                let (right, bottom) = ((left + SQUARE).min(size.0), (top + SQUARE).min(size.1));
                let mut sum = [0; 3];
                for (x, y) in (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y))) {
                    for (sum, part) in sum.iter_mut().zip(pixel(x, y)) {
                        *sum += usize::from(part);
                    }
                }
                squares.push(sum.map(|sum| sum / ((right - left) * (bottom - top))));
            }
        }
        Self { size, squares }
    }

    fn looks_like(&self, other: &Self) -> bool {
        let differ = |(a, b): &(&[usize; 3], &[usize; 3])| {
            a.iter().zip(b.iter()).any(|(a, b)| a.abs_diff(*b) > NEAR)
        };
        let apart = self.squares.iter().zip(&other.squares).filter(differ).count();
        self.size == other.size && apart * 100 <= self.squares.len() * MOST_APART
    }
}

fn committed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/images").join(name)
}

/// With `UPDATE_SCREENSHOTS` the picture is written; else it has to look like the one
/// that is there.
fn keep(name: &str, png: &[u8]) {
    let file = committed(name);
    if std::env::var_os("UPDATE_SCREENSHOTS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, png).unwrap();
    }
    let there = std::fs::read(&file).unwrap_or_default();
    let drawn = leave(name, png);
    assert!(
        !there.is_empty() && Blurred::of(png).looks_like(&Blurred::of(&there)),
        "docs/images/{name} does not show what the page looks like, {}: run with \
         UPDATE_SCREENSHOTS=1, and look at it",
        drawn.display()
    );
}

#[test]
fn a_picture_is_told_from_one_whose_parts_stand_elsewhere() {
    for name in ["sign-in.png", "admin-users.png"] {
        let there = Blurred::of(&std::fs::read(committed(name)).unwrap());
        assert!(there.looks_like(&there));
        let width = there.size.0.div_ceil(SQUARE);
        let mut lower = there.squares.clone();
        lower.rotate_right(width);
        assert!(!there.looks_like(&Blurred { squares: lower, ..there }), "{name}");
    }
}

#[tokio::test]
async fn the_documentation_shows_the_sign_in_and_the_users() {
    let (server, browser) =
        administered_as(Setup::new().var("USERMGMT_PRODUCT_NAME", "Acme")).await;
    crowd::fill(&server, 1_000).await;
    for (n, (first, last)) in (994..).zip(PEOPLE) {
        crowd::call(&server, n, first, last).await;
    }
    registered(&server, "ada", "ada@example.org").await;
    let users = format!("{}/web3m-admin/users", server.base);
    keep("admin-users.png", &browser.shot(&users, 1060, 660).await);

    browser.driver.delete_all_cookies().await.unwrap();
    let sign_in = format!("{}/account/sign-in", server.base);
    keep("sign-in.png", &browser.shot(&sign_in, 720, 600).await);
    browser.quit().await;
}
