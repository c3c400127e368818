//! Queues in which lists of one user wait for each other.

use tokio::sync::{Mutex, MutexGuard};
use usermgmt_core::model::ids::UserId;
use usermgmt_core::store::Change;

/// More than there are lists in conflict at a time.
const QUEUES: usize = 64;

/// MongoDB does not queue the writers of a document: of two transactions the
/// later one fails at once, and where many try again at their own pace, most
/// fail again. Lists of this process that failed so queue here, in order.
#[derive(Debug)]
pub(crate) struct Queues([Mutex<()>; QUEUES]);

impl Default for Queues {
    fn default() -> Self {
        Self([const { Mutex::const_new(()) }; QUEUES])
    }
}

impl Queues {
    /// Waits for the turn of a list of this user, which ends when what is
    /// answered is dropped.
    pub(crate) async fn turn(&self, user: &UserId) -> MutexGuard<'_, ()> {
        let bytes = user.as_str().bytes();
        let sum = bytes.fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        self.0[sum % QUEUES].lock().await
    }
}

/// The user whose document the list writes, where it writes one that is there:
/// what lists of one user meet at.
pub(crate) fn user(list: &[Change]) -> Option<&UserId> {
    list.iter().find_map(|change| match change {
        Change::TouchUser { id, .. }
        | Change::UpdateUser { id, .. }
        | Change::DeleteUser { id, .. } => Some(id),
        _ => None,
    })
}
