//! What a store promises, as tests. Each is a function of a fresh, empty store;
//! [`store_conformance!`](crate::store_conformance) makes them a crate's own tests.

mod answer;
mod fixture;
mod race;
mod random_changes;
mod scope;
mod show;
mod snapshot;
mod world;

pub mod admins;
pub mod counters;
pub mod credentials;
pub mod crowds;
pub mod deletion;
pub mod directory;
pub mod identifiers;
pub mod identities;
pub mod lists;
pub mod model;
pub mod outbox;
pub mod passkeys;
pub mod purge;
pub mod races;
pub mod records;
pub mod sessions;
pub mod tokens;
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
                users_are_paged_in_the_byte_order_of_their_ids,
                users_who_never_confirmed_are_found_when_their_time_is_over,
                a_user_is_read_with_a_session_of_their_own_only,
            }
            deletion {
                a_deleted_user_is_found_by_no_read,
                a_deleted_user_cannot_be_changed_or_added_again,
                a_deletion_needs_the_user_and_the_epoch_that_was_read,
                deleted_users_do_not_get_in_each_others_way,
            }
            identifiers {
                a_claimed_name_is_refused_to_everybody_else,
                a_name_reserved_for_nobody_is_refused_to_everybody,
                a_user_may_claim_again_what_is_theirs,
                a_hold_ends_at_its_time_and_not_before,
                a_name_is_not_taken_for_the_one_who_has_it,
                addresses_and_names_are_two_name_spaces,
                a_skeleton_is_a_name_space_in_which_nobody_is_found,
                a_skeleton_is_held_and_given_back_by_the_one_who_has_it_if_there_is_one,
                names_that_look_alike_are_told_apart_byte_by_byte,
                names_whose_canonical_forms_are_equal_are_one,
                the_longest_names_are_kept_whole,
                an_account_is_found_by_its_present_address_and_name,
                an_account_without_a_hold_on_its_address_is_not_found_by_it,
                an_account_that_was_not_confirmed_in_time_is_not_found,
                an_address_goes_to_the_next_while_the_old_row_still_stands,
                a_hold_is_changed_by_the_one_who_has_it,
                a_name_is_given_back_by_the_one_who_has_it,
                all_of_a_users_names_are_given_back_at_once,
                a_list_can_hand_a_name_over,
            }
            tokens {
                every_field_of_a_token_round_trips,
                a_token_id_is_taken_once,
                a_token_is_used_once,
                a_token_is_good_until_its_expiry_and_not_at_it,
                a_new_code_needs_the_number_that_was_read,
                voiding_ends_a_users_unused_tokens_of_the_purpose,
                voiding_since_a_time_keeps_older_tokens,
                a_list_voids_the_old_tokens_and_keeps_the_one_it_adds,
                the_live_token_is_the_newest_that_is_good,
            }
            sessions {
                every_field_of_a_session_round_trips,
                a_session_id_is_taken_once,
                a_session_ends_at_its_expiry_and_not_before,
                a_rotation_moves_a_session_to_the_named_generation,
                a_session_that_keeps_its_generation_was_not_rotated,
                a_rotation_needs_the_generation_that_was_read,
                a_generation_is_received_once,
                a_generation_is_replayed_once,
                a_session_is_ended_by_its_own_user,
                all_of_a_users_sessions_end_but_the_one_excepted,
                a_list_ends_the_old_sessions_and_keeps_the_one_it_adds,
                sessions_are_listed_by_their_last_use,
                one_session_too_many_ends_the_one_used_least_recently,
            }
            credentials {
                a_sealed_secret_round_trips,
                a_waiting_secret_takes_the_place_of_the_one_before,
                the_waiting_secret_is_confirmed_once,
                the_confirmed_secret_holds_until_its_successor_is_confirmed,
                sealing_the_confirmed_secret_anew_leaves_its_last_step,
                only_later_time_steps_are_accepted,
                dropping_the_waiting_secret_leaves_the_confirmed_one,
                removing_the_factor_leaves_the_recovery_codes,
                a_root_secret_seals_as_long_as_a_confirmed_factor_is_sealed_under_it,
                a_recovery_code_is_used_once_by_its_own_user,
                new_recovery_codes_void_all_earlier_ones,
                the_credentials_of_many_users_are_read_at_once,
                a_device_is_known_to_the_user_who_used_it,
                all_of_a_users_devices_are_forgotten_at_once,
            }
            identities {
                every_field_of_an_identity_round_trips,
                issuer_and_subject_are_linked_once_and_told_apart_byte_by_byte,
                an_identity_is_used_and_unlinked_by_the_one_who_has_it,
                all_of_a_users_identities_are_unlinked_or_those_since_a_time,
            }
            passkeys {
                every_field_of_a_passkey_round_trips,
                a_passkey_is_one_users_only,
                a_passkey_is_used_by_the_counter_that_was_read,
                a_passkey_is_named_and_removed_by_its_own_user,
                the_passkeys_of_many_users_are_read_at_once,
            }
            admins {
                an_administrator_goes_only_while_another_is_active,
                of_many_administrators_that_go_at_once_one_stays,
            }
            records {
                every_field_of_a_service_key_round_trips,
                a_service_key_id_is_taken_once_and_a_name_may_repeat,
                a_service_key_is_revoked_once,
                the_last_use_of_a_service_key_is_kept,
                service_keys_are_paged_by_id,
                a_root_key_is_recorded_once,
                every_field_of_an_audit_entry_round_trips,
                an_audit_id_is_taken_once,
                a_users_audit_log_is_paged_by_id,
                a_store_that_answers_says_so,
                a_stores_own_clock_shows_milliseconds_and_goes_on,
            }
            directory {
                users_are_listed_by_every_filter_and_sort,
                users_are_searched_by_the_beginning_of_their_names,
                what_changes_of_a_user_changes_which_lists_they_are_in,
                pages_neither_repeat_nor_skip_while_users_come_and_go,
                a_listed_user_shows_the_last_sign_in_and_the_second_factor,
                a_second_factor_is_an_authenticator_app_or_a_passkey,
                second_factors_that_come_and_go_at_once_are_all_counted,
                the_audit_log_is_listed_by_every_filter,
                dead_mail_and_service_keys_are_listed_both_ways,
                a_summary_counts_what_there_is,
                old_entries_of_the_audit_log_are_purged_in_batches,
                a_purged_users_traces_are_cleared_from_what_they_did,
            }
            outbox {
                every_field_of_a_mail_round_trips,
                a_mail_id_is_taken_once,
                mail_is_claimed_when_due_the_longest_due_first,
                a_claimed_mail_is_free_again_when_its_lease_is_over,
                a_sent_mail_is_erased_by_the_worker_that_has_it,
                a_failed_mail_is_put_back_and_counted,
                a_mail_that_was_given_up_is_kept_but_not_tried,
                a_mail_that_was_given_up_can_be_tried_again,
                a_mail_that_was_given_up_can_be_erased,
                dead_mail_is_paged_by_id,
                a_users_queued_mail_is_erased_with_whatever_became_of_it,
                a_list_erases_the_old_mail_and_keeps_the_one_it_adds,
                the_next_mail_is_due_at_its_time_or_the_end_of_its_lease,
                the_depth_counts_waiting_and_dead_mail,
                the_depth_says_how_many_wait_for_the_set_up_and_why,
            }
            counters {
                attempts_add_up_in_a_window_that_begins_with_the_first,
                several_counters_are_hit_at_once_each_with_its_window,
                counters_are_told_apart_byte_by_byte,
                an_attempt_given_back_does_not_count,
                a_counter_never_goes_below_zero,
                a_cleared_counter_starts_afresh,
                a_count_survives_a_list_that_fails,
            }
            lists {
                one_of_every_change_in_one_list_does_what_the_model_does,
                every_change_alone_does_what_the_model_does,
                a_list_whose_last_change_fails_leaves_nothing_of_the_others,
                the_first_guard_that_fails_is_named,
                an_empty_list_is_applied,
                a_list_that_arrives_again_is_not_applied_again,
                the_same_changes_in_a_list_of_their_own_are_applied_again,
                a_single_change_that_arrives_again_meets_its_guard,
                a_list_that_failed_is_applied_when_its_guards_hold_later,
                two_lists_are_told_apart_by_their_commit_ids,
            }
            purge {
                purge_leaves_what_is_not_over,
                expired_sessions_are_purged,
                holds_that_ended_are_purged,
                counters_whose_window_ended_are_purged,
                a_list_is_remembered_for_an_hour,
                tokens_are_kept_for_a_week_after_their_expiry,
                devices_are_forgotten_a_year_after_their_last_use,
                a_deleted_user_is_purged_with_all_that_was_theirs,
                a_deleted_user_is_purged_row_by_row_where_the_limit_is_small,
                a_purge_stops_at_about_its_limit,
            }
            races {
                one_of_many_claims_a_name,
                one_of_many_registers_an_address,
                one_of_many_lists_claims_a_skeleton,
                one_of_many_takes_a_users_id,
                one_of_many_updates_a_user_by_the_epoch_it_read,
                one_of_many_rotates_a_session,
                what_is_good_once_is_used_by_one_of_many,
                what_is_good_once_is_used_by_one_of_many_lists,
                every_other_guarded_change_is_made_by_one_of_many,
                every_other_guarded_change_is_made_by_one_of_many_lists,
            }
            crowds {
                no_mail_is_claimed_by_two_workers,
                every_one_of_many_attempts_is_counted,
                every_one_of_many_attempts_is_given_back,
                no_session_survives_the_change_that_ends_them_all,
                many_sign_ins_at_once_leave_no_more_sessions_than_allowed,
                many_lists_of_different_users_all_succeed,
                lists_that_wait_for_each_other_are_both_applied,
                a_list_that_arrives_many_times_at_once_is_applied_once,
                purges_and_lists_at_once_all_succeed,
                an_account_is_read_as_it_was_at_one_moment,
            }
            model {
                random_lists_do_what_they_do_to_the_model,
                other_random_lists_do_what_they_do_to_the_model,
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
