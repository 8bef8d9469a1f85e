//! What comes in, and what is made of it: V1 and V2.

use super::{Check, check};
use crate::asvs::proof::{SQL, browser, rust, task};

pub const ROWS: &[Check] = &[
    check(
        "V1.2.4",
        "statements to the database are never put together from what somebody sent",
        &[
            SQL,
            task("layers", "`sqlx` is linked by `store` alone"),
            rust("store/src/many.rs", "places_are_numbered_through_all_rows"),
        ],
        "",
    ),
    check(
        "V1.3.1",
        "HTML of others keeps nothing that acts or fetches",
        &[
            rust("web/src/body/tests.rs", "html_keeps_what_a_letter_needs_and_nothing_that_acts_or_fetches"),
            rust("web/src/acts/letter/details/tests.rs", "nothing_a_sender_writes_becomes_part_of_the_page"),
            rust("web/tests/stories/content.rs", "a_letter_in_html_stands_in_the_page_and_can_do_nothing"),
            browser(
                "walk.test.mjs",
                "a letter in HTML stands in its page, can do nothing, and is read on a phone",
            ),
        ],
        "a corpus of 500 payloads in the browser",
    ),
    check(
        "V1.3.6",
        "nobody has the service call an address of its own network",
        &[
            rust("mina-meddelanden/src/elsewhere.rs", "a_name_that_leads_near_leads_nowhere"),
            rust("mina-meddelanden/src/elsewhere.rs", "the_look_up_itself_refuses"),
            rust(
                "mina-meddelanden/src/far_client/operators.rs",
                "what_only_this_machine_or_network_has_is_for_trying_alone",
            ),
            rust("web/src/body/tests.rs", "pictures_within_the_letter_are_shown_and_no_other"),
        ],
        "a trap for every connection that leaves",
    ),
    check(
        "V1.3.11",
        "no mail gets a header or a recipient from what somebody wrote",
        &[
            rust("notifier/src/post/message.rs", "an_address_cannot_bring_a_header_of_its_own"),
            rust(
                "notifier/tests/postfix/main.rs",
                "words_that_mean_something_to_a_mail_server_arrive_as_they_are",
            ),
            rust("delivery/src/notice/tests.rs", "words_that_may_not_be_sent_are_refused_with_their_place"),
        ],
        "",
    ),
    check(
        "V1.5.1",
        "XML fetches nothing and cannot grow",
        &[
            rust("delivery/src/document/tests.rs", "what_could_grow_or_hide_is_refused"),
            rust("delivery/src/document/tests.rs", "size_in_every_direction_is_bounded"),
            rust("delivery/src/document/tests.rs", "what_costs_more_than_its_bytes_is_bounded"),
        ],
        "",
    ),
    check(
        "V1.5.3",
        "what is verified is what is read, however it is dressed",
        &[
            rust("delivery/tests/attacks/main.rs", "each_attack_is_refused_for_its_own_reason"),
            rust(
                "delivery/tests/attacks/main.rs",
                "what_is_only_dressed_differently_is_taken_and_says_the_same",
            ),
            rust(
                "server/tests/program/attacks.rs",
                "heavy_every_attack_is_refused_for_its_own_reason_and_stores_nothing",
            ),
            rust("domain/src/letter/tests.rs", "a_member_written_twice_is_refused_at_any_depth"),
            rust("vault/src/jws/flattened/tests.rs", "a_member_stands_once"),
            rust("delivery/src/document/tests.rs", "a_message_in_another_encoding_or_version_is_refused"),
        ],
        "",
    ),
    check(
        "V2.2.1",
        "each member is held to its form",
        &[
            rust("domain/src/letter/tests.rs", "each_slip_has_its_code"),
            rust("domain/src/identity.rs", "wrong_forms_and_check_digits_are_told_apart"),
            rust("domain/src/identity.rs", "one_changed_digit_is_always_noticed"),
            rust(
                "intake/tests/stories/refusals.rs",
                "what_the_letter_part_decides_is_refused_with_nothing_stored",
            ),
        ],
        "",
    ),
    check(
        "V2.3.3",
        "an act is done whole or not at all",
        &[
            rust("intake/tests/stories/crowd.rs", "a_letter_that_cannot_be_stored_fails_alone"),
            rust(
                "intake/tests/stories/crowd.rs",
                "a_database_that_drops_its_connections_loses_and_doubles_nothing",
            ),
            rust("intake/tests/stories/deliveries.rs", "messages_of_one_delivery_are_all_accepted_or_none"),
            rust(
                "server/tests/program/outgoing.rs",
                "killed_while_it_hands_over_nothing_is_lost_and_nothing_doubled",
            ),
        ],
        "",
    ),
    check(
        "V2.4.1",
        "nobody does anything without end",
        &[
            rust(
                "key-service/src/tests/lookups.rs",
                "a_caller_has_a_quota_of_the_day_that_a_restart_does_not_give_back",
            ),
            rust("web/tests/stories/login.rs", "log_ins_that_begin_too_often_from_one_place_wait"),
            rust("web/tests/stories/settings.rs", "numbers_of_others_cannot_be_tried_one_after_the_other"),
            rust("account/tests/stories/contacts.rs", "codes_go_to_few_countries_and_are_counted_by_the_day"),
            rust(
                "key-service/src/grants/tests.rs",
                "one_log_in_opens_sixty_letters_in_ten_seconds_and_no_more",
            ),
        ],
        "",
    ),
];
