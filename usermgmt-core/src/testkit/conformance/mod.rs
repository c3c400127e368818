//! What a store promises, as tests. Each is a function of a fresh, empty store;
//! [`store_conformance!`](crate::store_conformance) makes them a crate's own tests.

mod kit;
mod scope;
mod show;
mod snapshot;

pub mod users;

/// Makes one test of every promise of a [`Store`](crate::store::Store).
///
/// The argument is an async function (or closure) without arguments that makes a
/// fresh, empty store and answers `(Arc<impl Store>, guard)`; the guard is dropped
/// after the test. See [`testkit`](crate::testkit).
#[macro_export]
macro_rules! store_conformance {
    ($make:expr) => {
        $crate::store_conformance! { @tests $make;
            users {
                every_field_of_a_user_round_trips,
                a_user_id_is_taken_once,
                user_ids_that_differ_in_case_are_two_users,
                a_patch_changes_what_it_names_and_nothing_else,
                an_update_needs_the_user_and_the_epoch_that_was_read,
                a_touch_tests_the_epoch_and_changes_nothing,
                a_touch_of_an_active_user_needs_a_confirmed_enabled_one,
                the_same_update_twice_finds_its_row_both_times,
                later_changes_of_a_list_see_the_earlier_ones,
                a_deleted_user_is_found_by_no_read,
                a_deleted_user_cannot_be_changed_or_added_again,
                a_deletion_needs_the_user_and_the_epoch_that_was_read,
                deleted_users_do_not_get_in_each_others_way,
                users_are_paged_in_the_byte_order_of_their_ids,
                users_who_never_confirmed_are_found_when_their_time_is_over,
                a_user_is_read_with_a_session_of_their_own_only,
            }
        }
    };
    (@tests $make:expr; $($topic:ident { $($name:ident),* $(,)? })*) => {$(
        mod $topic {
            use super::*;

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $name() {
                    let (store, _guard) = ($make)().await;
                    $crate::testkit::conformance::$topic::$name(store).await;
                }
            )*
        }
    )*};
}
