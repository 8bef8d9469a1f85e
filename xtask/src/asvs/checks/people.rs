//! Who somebody is and what they may; keys, secrets and logs: V6 to V16.

use super::{Check, check};
use crate::asvs::proof::{CHANCE, peer, rust, task};

pub const ROWS: &[Check] = &[
    check(
        "V6.3.8",
        "nobody learns who is known here",
        &[
            rust(
                "account/tests/stories/helping.rs",
                "a_number_that_is_known_and_one_that_is_not_are_answered_alike",
            ),
            rust("web/tests/stories/settings.rs", "whether_a_number_is_known_here_is_told_to_nobody"),
        ],
        "a comparison of times",
    ),
    check(
        "V6.8.1, V6.8.2, V6.8.3",
        "an e-ID answer is verified in every part, and counts once",
        &[
            rust("eid/src/verifier/tests.rs", "each_lie_has_its_name_and_is_no_log_in"),
            rust("eid/src/verifier/tests.rs", "no_character_of_a_token_can_be_another"),
            rust("eid/src/verifier/tests.rs", "an_answer_of_another_attempt_or_provider_is_refused"),
            rust("key-service/src/tests/log_in.rs", "a_verified_answer_is_a_log_in_and_is_taken_once"),
            rust("key-service/src/tests/log_in.rs", "an_answer_that_was_used_counts_no_more_after_a_restart"),
        ],
        "",
    ),
    check(
        "V6.8.4",
        "level and time of the identification are looked at",
        &[
            rust("eid/tests/oidc_provider.rs", "what_the_configuration_does_not_accept_is_no_log_in"),
            rust(
                "key-service/src/tests/log_in.rs",
                "identifying_again_takes_the_place_of_the_log_in_and_counts_for_five_minutes",
            ),
        ],
        "",
    ),
    check(
        "V7.2.3, V7.2.4",
        "a log-in is 256 bits of chance, and a new one each time",
        &[
            rust("key-client/src/secret.rs", "a_token_survives_its_text_and_nothing_else_is_one"),
            rust("key-client/src/secret.rs", "tokens_are_256_bits_and_no_two_are_alike"),
            rust(
                "key-service/src/tests/log_in.rs",
                "only_the_same_person_who_identified_anew_renews_a_log_in",
            ),
            CHANCE,
        ],
        "",
    ),
    check(
        "V7.3.1, V7.3.2",
        "a log-in ends when it is not used, and in the end",
        &[
            rust(
                "key-service/src/grants/tests.rs",
                "a_log_in_that_is_not_used_ends_after_a_quarter_of_an_hour",
            ),
            rust("key-service/src/grants/tests.rs", "a_log_in_ends_after_an_hour_however_much_it_is_used"),
        ],
        "",
    ),
    check(
        "V7.4.1, V7.5.2",
        "logging out ends it everywhere, and one sees one's log-ins",
        &[
            rust("key-service/src/grants/tests.rs", "log_out_ends_it_at_once_and_a_made_up_token_is_none"),
            rust(
                "key-service/src/tests/log_in.rs",
                "a_person_sees_their_own_log_ins_and_ends_them_from_afar",
            ),
            rust("web/tests/stories/fresh.rs", "log_ins_are_listed_and_ended_from_afar"),
        ],
        "",
    ),
    check(
        "V7.5.3",
        "what is grave takes a fresh identification",
        &[
            rust("web/tests/stories/fresh.rs", "nothing_grave_is_done_without_identifying_again"),
            rust("web/tests/stories/fresh.rs", "another_person_s_identification_counts_for_nothing_here"),
        ],
        "",
    ),
    check(
        "V8.2.2, V8.4.1",
        "what is another's is not there",
        &[
            rust("mailbox/src/rights.rs", "another_mailbox_is_not_found_for_any_act"),
            rust("key-service/src/tests/reading.rs", "the_letters_of_others_are_not_there"),
            rust("web/tests/stories/reading.rs", "letters_of_others_are_not_found_for_any_act"),
            peer(
                "callers.mjs",
                "letters and events are seen by the sender and the dispatchers it lists, by nobody else",
            ),
        ],
        "every actor at every address",
    ),
    check(
        "V8.3.2, V15.4.2",
        "a right that is taken back is gone at once",
        &[
            rust(
                "key-service/src/tests/reading.rs",
                "a_helper_reads_what_is_not_confidential_until_the_right_ends",
            ),
            rust(
                "key-service/src/tests/revoking.rs",
                "an_opening_that_has_begun_is_on_record_before_the_right_ends",
            ),
            rust(
                "key-service/src/tests/revoking.rs",
                "a_right_that_has_ended_while_somebody_waits_opens_nothing",
            ),
            rust(
                "server/tests/program/cli/agency.rs",
                "what_the_operator_says_of_agencies_holds_at_the_running_door",
            ),
            peer(
                "certificates.mjs",
                "a connection that stood when its certificate was revoked is refused too",
            ),
        ],
        "a revocation in the middle of a thousand readings",
    ),
    check(
        "V9.1.2, V9.1.3",
        "a token chooses neither its algorithm nor its key",
        &[
            rust("vault/src/jws/flattened/tests.rs", "the_header_is_exactly_what_it_may_be"),
            rust("vault/src/jws/compact/tests.rs", "an_id_token_may_say_more_but_not_bring_its_key"),
            rust(
                "vault/src/verifying_key/tests.rs",
                "every_algorithm_verifies_with_its_own_kind_of_key_alone",
            ),
            rust("eid/src/config/tests.rs", "unknown_keys_and_symmetric_algorithms_are_refused"),
        ],
        "",
    ),
    check(
        "V11.1.2, V11.1.4",
        "what is encrypted how is listed, with a plan for what comes",
        &[],
        "a list of keys and algorithms that is compared with the code; the plan",
    ),
    check(
        "V11.2.2, V11.3.3, V11.3.4",
        "what is sealed is authentic, keys are exchanged, nonces do not come twice",
        &[
            rust("vault/tests/vectors.rs", "letters_and_receipts"),
            rust("vault/src/envelope/tests.rs", "the_same_bytes_never_seal_alike"),
            rust("vault/src/envelope/tests.rs", "any_change_of_a_long_object_is_noticed"),
            rust("key-service/src/tests/keys.rs", "rotation_of_mailbox_keys_wraps_them_all_anew"),
            rust(
                "server/tests/program/cli/keys.rs",
                "keys_are_rotated_under_a_running_service_and_letters_still_open",
            ),
        ],
        "ten million seals compared",
    ),
    check(
        "V11.5.1",
        "secrets are of chance, and of no id",
        &[CHANCE, rust("key-client/src/secret.rs", "tokens_are_256_bits_and_no_two_are_alike")],
        "",
    ),
    check(
        "V12.1.1, V12.1.3, V12.3.1",
        "TLS decides who connects, and databases are reached by it",
        &[
            peer(
                "certificates.mjs",
                "no certificate, another authority's, an expired one: the handshake fails",
            ),
            rust("server/tests/program/agency_door.rs", "whom_a_revocation_list_names_does_not_connect"),
            rust("server/tests/program/agency_door.rs", "a_certificate_that_is_not_registered_calls_nothing"),
            rust("server/tests/program/config.rs", "what_is_only_good_for_trying_is_refused_in_production"),
        ],
        "a refusal of TLS 1.0 and 1.1, which the library does not have",
    ),
    check(
        "V13.2.2, V13.3.1, V13.3.3",
        "each part may do its own, and secrets stand in files",
        &[
            rust("key-service/src/permit.rs", "only_the_web_reads_letters_and_logs_people_in"),
            rust("key-service/src/permit.rs", "only_who_hands_over_gets_a_letter_s_outbound_key"),
            rust(
                "evidence/src/rings.rs",
                "only_the_key_service_says_that_something_was_read_and_only_the_door_that_something_came",
            ),
            rust("server/tests/program/config.rs", "the_command_shows_what_is_in_force_and_nothing_secret"),
        ],
        "users of the database for each role; a root key in hardware",
    ),
    check(
        "V14.2.1, V14.3.1, V14.3.2",
        "nothing of a person is in addresses, caches or files that are not sealed",
        &[
            rust("server/tests/program/at_rest.rs", "nothing_is_readable_on_sqlite"),
            rust("server/tests/program/at_rest.rs", "nothing_is_readable_on_postgres"),
            rust("web/tests/stories/reading.rs", "search_finds_by_words_and_no_address_holds_them"),
            rust("web/tests/stories/forms.rs", "every_page_carries_the_same_safeguards"),
        ],
        "storage of the browser after logging out",
    ),
    check(
        "V15.1.2, V15.2.1, V16.2.5, V16.3.2, V16.4.2, V16.5.1, V16.5.3",
        "dependencies are known and sound; logs say what was done and nothing secret; what fails is shut",
        &[
            task("deny", "licences, sources and known vulnerabilities"),
            rust("notifier/tests/telling/secrecy.rs", "nothing_of_a_person_stands_in_the_logs"),
            rust(
                "key-client/src/message/tests.rs",
                "neither_numbers_nor_tokens_are_in_the_debug_form_of_messages",
            ),
            rust("evidence/src/chain/tests.rs", "every_changed_column_is_found"),
            rust("domain/src/letter/tests.rs", "a_refusal_does_not_repeat_what_the_letter_says"),
            rust("key-service/src/tests/keys.rs", "who_asks_after_the_end_is_told_so"),
        ],
        "a list of what the program is made of (SBOM)",
    ),
];
