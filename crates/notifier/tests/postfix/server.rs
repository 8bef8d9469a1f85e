//! Postfix in a temporary folder, stopped when the test ends, however it ends.

use base64::{Engine, engine::general_purpose::STANDARD};
use std::{
    fmt::Write as _,
    fs,
    net::TcpListener,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use testing::Authority;

pub struct MailServer {
    folder: TempDir,
    /// Ends Postfix when its standard input closes: also when the test is killed.
    guard: Option<Child>,
    pub starttls_port: u16,
    pub tls_port: u16,
    /// Offers no TLS.
    pub plain_port: u16,
    pub authority: Authority,
}

impl MailServer {
    pub fn start() -> Self {
        let daemons = daemons();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        // Postfix' own users must get in.
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["queue", "data", "mail"] {
            fs::create_dir(path.join(name)).unwrap();
        }
        assert!(
            run("chown", &["postfix", &text(&path.join("data"))])
                && run("chown", &["nobody", &text(&path.join("mail"))]),
            "Postfix is started as root, which then becomes its own users: run the tests as root"
        );
        let authority = Authority::new();
        let testing::pki::Pair { certificate, key } = authority.server("localhost");
        let [starttls_port, tls_port, plain_port] = free_ports();
        for (name, content) in [
            ("ca.pem", String::from_utf8(authority.pem.clone()).unwrap()),
            ("server.pem", certificate),
            ("server.key", key),
            ("access", ACCESS.to_owned()),
            ("main.cf", main_cf(path, &daemons)),
            ("master.cf", master_cf(starttls_port, tls_port, plain_port)),
        ] {
            fs::write(path.join(name), content).unwrap();
        }
        fs::set_permissions(path.join("server.key"), fs::Permissions::from_mode(0o600)).unwrap();
        let guard = Command::new("sh")
            .args(["-c", "read -r _; exec postfix -c \"$0\" abort", &text(path)])
            // Whoever kills the test and its group leaves this one to clean up.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { guard: Some(guard), starttls_port, tls_port, plain_port, authority, folder };
        let path = text(server.folder());
        assert!(run("postfix", &["-c", &path, "start"]), "Postfix did not start:\n{}", server.log());
        server
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn ca_file(&self) -> PathBuf {
        self.folder().join("ca.pem")
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder().join("mail.log")).unwrap_or_default()
    }

    /// Waits until this many letters lie in the Maildir, and reads all.
    pub async fn delivered(&self, count: usize) -> Vec<String> {
        let folder = self.folder().join("mail/all/new");
        for _ in 0..400 {
            let files: Vec<_> = fs::read_dir(&folder).into_iter().flatten().flatten().collect();
            if files.len() >= count {
                let letters: Vec<_> = files.iter().map(|f| fs::read_to_string(f.path()).unwrap()).collect();
                assert_eq!(letters.len(), count);
                return letters;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{count} letters were not delivered:\n{}", self.log());
    }

    /// No client came as far as to name a sender or to log in.
    pub fn nothing_was_said(&self) {
        let log = self.log();
        assert!(log.contains("connect from"), "somebody was here:\n{log}");
        for said in [" mail=", " rcpt=", " data=", " auth=", "NOQUEUE", "client="] {
            assert!(!log.contains(said), "{said} was said:\n{log}");
        }
        assert!(!self.folder().join("mail/all").exists());
    }

    /// Stops Postfix, and waits for its daemons: they hold the ports a moment longer than the master, which is
    /// all that `postfix stop` waits for.
    pub async fn stop(&self) {
        assert!(run("postfix", &["-c", &text(self.folder()), "stop"]));
        for _ in 0..400 {
            if std::net::TcpStream::connect(("127.0.0.1", self.tls_port)).is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("a daemon of Postfix still listens:\n{}", self.log());
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        if let Some(mut guard) = self.guard.take() {
            drop(guard.stdin.take());
            let _ = guard.wait();
        }
    }
}

/// A header as it stands, unfolded.
pub fn header<'a>(letter: &'a str, name: &str) -> &'a str {
    let head = letter.split("\n\n").next().unwrap();
    let start = format!("{name}: ");
    head.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_else(|| panic!("no {name} in\n{head}"))
}

/// The text of a letter, decoded.
pub fn text_of(letter: &str) -> String {
    let body = letter.split_once("\n\n").unwrap().1;
    match header(letter, "Content-Transfer-Encoding") {
        "quoted-printable" => String::from_utf8(quoted_printable(body)).unwrap(),
        "base64" => {
            let packed: String = body.split_whitespace().collect();
            String::from_utf8(STANDARD.decode(packed).unwrap()).unwrap()
        }
        _ => body.to_owned(),
    }
}

fn quoted_printable(body: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = body.as_bytes();
    while let Some((&byte, more)) = rest.split_first() {
        match (byte, more) {
            (b'=', [b'\n', after @ ..]) => rest = after,
            (b'=', [high, low, after @ ..]) => {
                let pair = [*high, *low];
                out.push(u8::from_str_radix(std::str::from_utf8(&pair).unwrap(), 16).unwrap());
                rest = after;
            }
            _ => {
                out.push(byte);
                rest = more;
            }
        }
    }
    out
}

fn main_cf(folder: &Path, daemons: &str) -> String {
    let nobody = fs::metadata(folder.join("mail")).unwrap();
    let user = nobody.uid();
    let group = nobody.gid();
    let folder = folder.display();
    let mut text = String::new();
    for line in [
        "compatibility_level = 3.6".to_owned(),
        format!("queue_directory = {folder}/queue"),
        format!("data_directory = {folder}/data"),
        "command_directory = /usr/sbin".to_owned(),
        format!("daemon_directory = {daemons}"),
        "mail_owner = postfix".to_owned(),
        "setgid_group = postdrop".to_owned(),
        format!("maillog_file = {folder}/mail.log"),
        format!("maillog_file_prefixes = {folder}"),
        "inet_interfaces = 127.0.0.1".to_owned(),
        "inet_protocols = ipv4".to_owned(),
        "myhostname = localhost".to_owned(),
        "mydestination =".to_owned(),
        "alias_maps =".to_owned(),
        "mynetworks = 127.0.0.0/8".to_owned(),
        "virtual_mailbox_domains = example.test".to_owned(),
        format!("virtual_mailbox_base = {folder}/mail"),
        "virtual_mailbox_maps = static:all/".to_owned(),
        format!("virtual_uid_maps = static:{user}"),
        format!("virtual_gid_maps = static:{}", if group == 0 { user } else { group }),
        "virtual_minimum_uid = 1".to_owned(),
        // Nothing leaves this machine.
        "default_transport = error:no way out".to_owned(),
        format!(
            "smtpd_recipient_restrictions = check_recipient_access texthash:{folder}/access, permit_mynetworks, reject"
        ),
        format!("smtpd_tls_cert_file = {folder}/server.pem"),
        format!("smtpd_tls_key_file = {folder}/server.key"),
        "smtpd_tls_security_level = may".to_owned(),
        "smtpd_tls_received_header = yes".to_owned(),
    ] {
        writeln!(text, "{line}").unwrap();
    }
    text
}

fn master_cf(starttls: u16, tls: u16, plain: u16) -> String {
    format!(
        "{starttls} inet n - n - - smtpd\n\
         {tls} inet n - n - - smtpd\n  -o smtpd_tls_wrappermode=yes\n\
         {plain} inet n - n - - smtpd\n  -o smtpd_tls_security_level=none\n{REST}"
    )
}

fn free_ports() -> [u16; 3] {
    let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

/// Where the package keeps its daemons.
fn daemons() -> String {
    let asked = Command::new("postconf").args(["-d", "-h", "daemon_directory"]).output();
    match asked {
        Ok(output) if output.status.success() => String::from_utf8(output.stdout).unwrap().trim().to_owned(),
        _ => panic!(
            "the mail server of this test is missing: apt-get install -y --no-install-recommends postfix"
        ),
    }
}

fn run(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

const ACCESS: &str = "\
later@example.test 451 4.3.0 try again later
gone@example.test 550 5.1.1 no such user
policy@example.test 550 5.7.1 not from you
full@example.test 552 5.2.2 mailbox full
";

const REST: &str = "\
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
";
