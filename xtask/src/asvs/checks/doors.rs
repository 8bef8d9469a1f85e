//! Pages, the doors and files: V3 to V5.

use super::{Check, check};
use crate::asvs::proof::{browser, peer, rust};

pub const ROWS: &[Check] = &[
    check(
        "V3.2.1",
        "what somebody sent is not run as a page of ours",
        &[
            rust("web/tests/stories/content.rs", "files_are_shown_or_saved_by_their_type_and_never_run"),
            rust(
                "web/tests/stories/content.rs",
                "a_very_long_letter_in_html_is_shown_apart_and_can_do_nothing",
            ),
        ],
        "",
    ),
    check(
        "V3.3.1, V3.3.3",
        "cookies are Secure and __Host-",
        &[
            rust("web/tests/stories/safeguards.rs", "every_address_of_the_pages_answers_with_the_safeguards"),
            rust(
                "web/tests/stories/login.rs",
                "the_callback_answers_with_a_page_and_the_cookies_are_as_they_must_be",
            ),
        ],
        "",
    ),
    check(
        "V3.3.2, V3.3.4",
        "cookies have SameSite and HttpOnly",
        &[
            rust("web/tests/stories/safeguards.rs", "every_address_of_the_pages_answers_with_the_safeguards"),
            rust(
                "web/tests/stories/safeguards.rs",
                "every_address_of_the_content_origin_answers_with_its_own",
            ),
        ],
        "",
    ),
    check(
        "V3.4.1",
        "browsers are told to come by HTTPS alone",
        &[rust(
            "web/src/security.rs",
            "browsers_are_told_to_come_by_https_alone_wherever_the_origin_is_https",
        )],
        "a look at each address over HTTPS",
    ),
    check(
        "V3.4.3",
        "a policy for content without exceptions; there is no script that would need a nonce",
        &[
            rust("web/tests/stories/safeguards.rs", "every_address_of_the_pages_answers_with_the_safeguards"),
            rust("web/tests/stories/forms.rs", "every_page_carries_the_same_safeguards"),
            browser("walk.test.mjs", "log in, read, download, archive, log out; no page runs a script"),
        ],
        "",
    ),
    check(
        "V3.4.4",
        "types are said, and not guessed",
        &[
            rust("web/tests/stories/safeguards.rs", "every_address_of_the_pages_answers_with_the_safeguards"),
            peer("requests.mjs", "answers are not cached, sniffed or framed"),
        ],
        "",
    ),
    check(
        "V3.4.5, V3.4.6, V3.4.8",
        "no page tells where one came from, is framed, or shares its window",
        &[
            rust("web/tests/stories/safeguards.rs", "every_address_of_the_pages_answers_with_the_safeguards"),
            rust("web/tests/stories/forms.rs", "every_page_carries_the_same_safeguards"),
        ],
        "",
    ),
    check(
        "V3.5.1, V3.5.3",
        "nothing changes by a form from elsewhere, or by GET",
        &[
            rust("web/tests/stories/forms.rs", "a_form_from_elsewhere_or_without_its_token_changes_nothing"),
            rust("web/src/security.rs", "only_our_own_pages_send_forms"),
        ],
        "",
    ),
    check(
        "V3.5.4, V3.5.8",
        "letters' content has an origin of its own, and nobody embeds it",
        &[
            rust(
                "web/tests/stories/safeguards.rs",
                "every_address_of_the_content_origin_answers_with_its_own",
            ),
            rust(
                "web/tests/stories/content.rs",
                "an_address_ends_with_its_minutes_its_log_in_and_its_letter",
            ),
        ],
        "an attempt to embed it in the browser",
    ),
    check(
        "V4.1.3",
        "what proxies say is believed of our proxies alone",
        &[
            rust("edge/src/proxies.rs", "what_the_asker_puts_in_front_is_not_believed"),
            rust(
                "edge/src/proxies.rs",
                "through_several_proxies_the_right_most_who_is_none_of_them_is_counted",
            ),
            rust(
                "web/tests/stories/login.rs",
                "through_a_proxy_elsewhere_each_asker_is_one_and_a_network_has_its_limit",
            ),
        ],
        "",
    ),
    check(
        "V4.1.5",
        "each letter is signed, and the signature decides",
        &[
            rust("intake/tests/stories/refusals.rs", "signatures_and_keys_are_refused_with_nothing_stored"),
            rust("intake/tests/stories/refusals.rs", "only_the_sender_and_its_dispatchers_may_send"),
            rust("vault/src/jws/flattened/tests.rs", "any_changed_byte_is_noticed"),
            peer(
                "signatures.mjs",
                "a payload that does not say who it is from is not judged before its signature holds",
            ),
        ],
        "",
    ),
    check(
        "V4.2.1",
        "a request has one length, whoever reads it",
        &[rust(
            "edge/src/listen/tests/lengths.rs",
            "a_request_with_two_lengths_is_answered_once_and_ends_the_connection",
        )],
        "HTTP/2 and the whole corpus",
    ),
    check(
        "V5.2.1, V5.2.2, V5.2.3",
        "files are bounded and are what they say",
        &[
            rust("intake/tests/stories/refusals.rs", "attachments_that_are_not_what_they_say_are_refused"),
            rust("intake/tests/large.rs", "a_hundred_mebibytes_pass_through_bounded_memory"),
            rust("domain/src/content.rs", "what_is_something_else_is_refused"),
            rust("domain/src/content/pdf/tests.rs", "any_bytes_at_all_are_survived"),
        ],
        "",
    ),
    check(
        "V5.4.1, V5.4.2",
        "a file's name leads nowhere and hides nothing",
        &[
            rust("domain/src/text.rs", "file_names_that_are_paths_are_refused"),
            rust("web/src/content/disposition.rs", "names_are_kept_and_cannot_leave_their_quotes"),
            rust("web/src/content/disposition.rs", "a_name_ends_as_its_type_does"),
        ],
        "",
    ),
];
