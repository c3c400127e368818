//! The person of a number: the values that the benchmark asks for, and beside
//! each the SQL by which the database makes the same of its column `n`.

use usermgmt_core::model::identifier::{Email, Username};
use usermgmt_core::model::ids::{SessionId, UserId};

use crate::place::Server;

/// When the first of them registered, and how much later each next one did.
const BEGAN: u64 = 1_750_000_000_000;
const APART: u64 = 20_000;

/// Odd numbers, each of which deals the people out in an order of its own.
const ORDERS: [u64; 4] = [2_654_435_761, 2_246_822_519, 3_266_489_917, 668_265_263];

/// A text of hexadecimal digits that is nobody else's, in no order.
fn lot(n: u64, order: usize) -> u64 {
    n * ORDERS[order] % (1 << 32)
}

fn name(n: u64) -> String {
    format!("person{:08x}", lot(n, 0))
}

pub(crate) fn username(n: u64) -> Username {
    Username::parse(&name(n), 32).unwrap()
}

pub(crate) fn email(n: u64) -> Email {
    Email::parse(&format!("{}@example.org", name(n))).unwrap()
}

/// In milliseconds.
pub(crate) fn registered_at(n: u64) -> i64 {
    i64::try_from(BEGAN + n * APART).unwrap()
}

/// A UUIDv7.
pub(crate) fn user_id(n: u64) -> UserId {
    let time = format!("{:012x}", BEGAN + n * APART);
    let (a, b, c) = (lot(n, 1) % 4096, lot(n, 2) % 4096, lot(n, 3));
    format!("{}-{}-7{a:03x}-8{b:03x}-{c:012x}", &time[..8], &time[8..]).parse().unwrap()
}

pub(crate) fn session_id(n: u64) -> SessionId {
    let mut bytes = [0; 16];
    for (order, four) in [1, 2, 3, 0].into_iter().zip(bytes.chunks_mut(4)) {
        four.copy_from_slice(&u32::try_from(lot(n, order)).unwrap().to_be_bytes());
    }
    SessionId::from_bytes(bytes)
}

/// The same in SQL.
pub(crate) struct Sql {
    pub(crate) name: String,
    pub(crate) user_id: String,
    pub(crate) session_id: String,
    pub(crate) audit_id: String,
    pub(crate) device: String,
    pub(crate) registered_at: String,
}

impl Sql {
    pub(crate) fn of(server: Server) -> Self {
        let hex = |number: &str, digits: usize| match server {
            #[cfg(feature = "sqlite")]
            Server::Sqlite => format!("printf('%0{digits}x', {number})"),
            #[cfg(feature = "postgres")]
            Server::Postgres => format!("lpad(to_hex({number}), {digits}, '0')"),
            #[cfg(feature = "mysql")]
            Server::MySql => format!("LPAD(LOWER(HEX({number})), {digits}, '0')"),
        };
        let lot = |order: usize| format!("(n * {} % {})", ORDERS[order], 1_u64 << 32);
        let bytes = |hex: &str| match server {
            #[cfg(feature = "postgres")]
            Server::Postgres => format!("decode({hex}, 'hex')"),
            #[cfg(any(feature = "sqlite", feature = "mysql"))]
            _ => format!("UNHEX({hex})"),
        };
        let registered_at = format!("({BEGAN} + n * {APART})");
        let time = hex(&registered_at, 12);
        let id = |last: &str| {
            format!(
                "CONCAT(SUBSTR({time}, 1, 8), '-', SUBSTR({time}, 9, 4), '-7', {}, '-8', {}, '-', {})",
                hex(&format!("({} % 4096)", lot(1)), 3),
                hex(&format!("({} % 4096)", lot(2)), 3),
                hex(last, 12),
            )
        };
        let eight = |order| hex(&lot(order), 8);
        let session = format!("CONCAT({}, {}, {}, {})", eight(1), eight(2), eight(3), eight(0));
        Self {
            name: format!("CONCAT('person', {})", eight(0)),
            user_id: id(&lot(3)),
            session_id: bytes(&session),
            audit_id: id(&lot(0)),
            device: format!(
                "CONCAT({}, {}, {})",
                hex(&lot(2), 16),
                hex(&lot(1), 16),
                hex(&lot(0), 11)
            ),
            registered_at,
        }
    }
}
