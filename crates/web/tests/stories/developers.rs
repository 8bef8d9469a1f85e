use crate::{citizen::Citizen, world};

#[tokio::test]
async fn the_api_is_told_to_its_innermost_member() {
    let (world, _) = world().await;
    let page = Citizen::new(&world).get("/developers").await;
    for member in [
        "body.media_type</code></td><td>one of text/plain, text/html, required</td><td>How the content is written<",
        "attachments[].sha256</code></td><td>string, ^[A-Za-z0-9_-]{43}$, required</td>",
        "support.phone</code></td><td>string, 1–64, or null</td>",
        "history[].type</code></td><td>EventType, required</td>",
        // Of what is sent and answered without a name of its own.
        "recipients</code></td><td>list of string, at most 1000, required</td>",
        "results</code></td><td>list of Reachability, required</td>",
    ] {
        page.says(member);
    }
    page.says("<code>https://{door}</code>").says("such as 127.0.0.1:8081");
    page.says("Keep <code>next</code> and give it").does_not_say("`");
}
