//! Real servers as children of a test: started on a free port, stopped, restarted on the same port, never left behind.
//!
//! A child dies with the test process whatever ends that process (`PR_SET_PDEATHSIG`, set by `setpriv`), and with its
//! [`Server`]. Its directory holds data and log; it is removed with the `Server`, and kept (with a note on stderr) when the
//! test panics.

mod launch;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal};
use tempfile::TempDir;
use tokio::time::sleep;

/// How often a waiting test looks again.
const POLL: Duration = Duration::from_millis(20);

/// When a server counts as started.
#[derive(Clone, Debug)]
pub enum Ready {
    /// Its port accepts a connection.
    Port,
    /// Its log, standard output and error together, holds this text.
    LogLine(String),
}

/// What to start. In arguments and environment values `{port}` and `{dir}` are replaced.
#[derive(Clone, Debug)]
pub struct Spec {
    program: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    ready: Ready,
    start_timeout: Duration,
    stop_signal: Signal,
    stop_timeout: Duration,
    unprivileged: bool,
    prepare: Vec<(String, Vec<String>)>,
}

impl Spec {
    /// A server that listens on `{port}`, may run as root, and stops on SIGTERM.
    pub fn new<'a>(program: &str, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            program: program.to_owned(),
            arguments: arguments.into_iter().map(str::to_owned).collect(),
            environment: Vec::new(),
            ready: Ready::Port,
            start_timeout: Duration::from_secs(60),
            stop_signal: Signal::TERM,
            stop_timeout: Duration::from_secs(20),
            unprivileged: false,
            prepare: Vec::new(),
        }
    }

    /// Adds an environment variable to those of the test.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Changes what is waited for; the default is [`Ready::Port`].
    #[must_use]
    pub fn ready(mut self, ready: Ready) -> Self {
        self.ready = ready;
        self
    }

    /// For servers that refuse root: when the test runs as root, the child runs as `nobody`, who owns `{dir}`.
    #[must_use]
    pub fn unprivileged(mut self) -> Self {
        self.unprivileged = true;
        self
    }

    /// Stops on SIGINT instead of SIGTERM, as PostgreSQL needs to not wait for its clients.
    #[must_use]
    pub fn stops_on_interrupt(mut self) -> Self {
        self.stop_signal = Signal::INT;
        self
    }

    /// A command to run to its end before the first start, as the same user and in the same directory (`initdb`).
    #[must_use]
    pub fn prepare<'a>(mut self, program: &str, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        self.prepare.push((program.to_owned(), arguments.into_iter().map(str::to_owned).collect()));
        self
    }
}

/// Whether a program is on `PATH` (or exists, when given as a path).
pub fn installed(program: &str) -> bool {
    let executable = |path: PathBuf| path.is_file();
    if program.contains('/') {
        return executable(program.into());
    }
    std::env::var_os("PATH")
        .is_some_and(|paths| std::env::split_paths(&paths).any(|folder| executable(folder.join(program))))
}

/// A port of 127.0.0.1 that nobody listens on.
///
/// It is below the range the system takes ports for outgoing connections from. Otherwise, while a test has its server
/// stopped, some connection might be given the server's port; a client that dials a port of that range again and again
/// even ends up connected to itself.
pub fn free_port() -> u16 {
    const PORTS: std::ops::Range<u16> = 12_000..32_000;
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    std::iter::repeat_with(|| fastrand::u16(PORTS)).take(1_000).find(is_free).expect("a free port on 127.0.0.1")
}

/// A running (or stopped) server. Dropping it kills the server and removes its directory.
pub struct Server {
    spec: Spec,
    port: u16,
    dir: Option<TempDir>,
    child: Option<Child>,
}

impl Server {
    /// Prepares the directory, starts the server on a free port and waits until it is ready.
    ///
    /// # Errors
    /// The program is missing, ended, or was not ready in time; with the end of its log.
    pub async fn start(spec: Spec) -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("dapr-test-").tempdir().context("create a directory")?;
        let mut server = Self { spec, port: free_port(), dir: Some(dir), child: None };
        if server.spec.unprivileged {
            launch::give_to_nobody(server.dir())?;
        }
        for (program, arguments) in server.spec.prepare.clone() {
            server.run_to_end(&program, &arguments).await?;
        }
        server.resume().await?;
        Ok(server)
    }

    /// The port, the same over restarts.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `127.0.0.1:<port>`.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// The server's own directory, the same over restarts.
    ///
    /// # Panics
    /// Never while the server lives.
    pub fn dir(&self) -> &Path {
        self.dir.as_ref().expect("the directory lives as long as the server").path()
    }

    /// Everything the server printed, over all its lives.
    pub fn log(&self) -> String {
        let bytes = std::fs::read(self.log_path()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Starts a stopped server again on the same port with the same directory, and waits until it is ready.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub async fn resume(&mut self) -> Result<()> {
        let arguments: Vec<String> = self.spec.arguments.iter().map(|text| self.filled(text)).collect();
        let old_log = self.log().len();
        self.child = Some(self.launch(&self.spec.program, &arguments)?);
        self.wait_ready(old_log).await
    }

    /// Asks the server to stop (SIGTERM) and waits; after 20 s it is killed.
    ///
    /// # Errors
    /// It had to be killed.
    pub async fn stop(&mut self) -> Result<()> {
        let Some(child) = &mut self.child else { return Ok(()) };
        signal(child, self.spec.stop_signal);
        let ended = wait_end(child, self.spec.stop_timeout).await;
        self.kill();
        ended.map(|_| ()).with_context(|| format!("{} did not stop when asked to", self.spec.program))
    }

    /// Ends the server at once (SIGKILL), as a crash does.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            signal(&child, Signal::CONT);
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Stops the server and starts it again on the same port.
    ///
    /// # Errors
    /// As [`Server::stop`] and [`Server::start`].
    pub async fn restart(&mut self) -> Result<()> {
        self.stop().await?;
        self.resume().await
    }

    /// Freezes the server (SIGSTOP): connections stay open and nothing answers.
    pub fn freeze(&self) {
        self.child.iter().for_each(|child| signal(child, Signal::STOP));
        // The signal is taken a moment later; until then an answer could still leave.
        let is_stopped = |child: &Child| {
            let status = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
            status.rsplit(") ").next().is_none_or(|state| state.starts_with(['T', 'Z']))
        };
        while !self.child.iter().all(is_stopped) {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Lets a frozen server go on.
    pub fn thaw(&self) {
        self.child.iter().for_each(|child| signal(child, Signal::CONT));
    }

    fn log_path(&self) -> PathBuf {
        self.dir().join("server.log")
    }

    fn filled(&self, text: &str) -> String {
        text.replace("{port}", &self.port.to_string()).replace("{dir}", &self.dir().to_string_lossy())
    }

    fn launch(&self, program: &str, arguments: &[String]) -> Result<Child> {
        let environment =
            self.spec.environment.iter().map(|(name, value)| (name.clone(), self.filled(value))).collect();
        launch::launch(launch::Order {
            program: program.to_owned(),
            arguments: arguments.to_vec(),
            environment,
            directory: self.dir().to_owned(),
            log: self.log_path(),
            unprivileged: self.spec.unprivileged,
        })
    }

    async fn run_to_end(&self, program: &str, arguments: &[String]) -> Result<()> {
        let arguments: Vec<String> = arguments.iter().map(|text| self.filled(text)).collect();
        let mut child = self.launch(program, &arguments)?;
        let status = wait_end(&mut child, Duration::from_secs(120)).await;
        let _ = child.kill();
        match status {
            Some(status) if status.success() => Ok(()),
            other => bail!("`{program}` ended with {other:?}; its log ends with\n{}", self.log_end()),
        }
    }

    async fn wait_ready(&mut self, old_log: usize) -> Result<()> {
        let deadline = Instant::now() + self.spec.start_timeout;
        while !self.is_ready(old_log).await {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            if let Some(status) = ended {
                bail!("`{}` ended with {status}; its log ends with\n{}", self.spec.program, self.log_end());
            }
            if Instant::now() > deadline {
                bail!(
                    "`{}` is not ready ({:?}); its log ends with\n{}",
                    self.spec.program,
                    self.spec.ready,
                    self.log_end()
                );
            }
            sleep(POLL).await;
        }
        Ok(())
    }

    async fn is_ready(&self, old_log: usize) -> bool {
        match &self.spec.ready {
            Ready::Port => tokio::net::TcpStream::connect(self.address()).await.is_ok(),
            Ready::LogLine(line) => self.log().get(old_log..).is_some_and(|log| log.contains(line)),
        }
    }

    fn log_end(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let kept = self.dir.take().map(TempDir::keep);
            eprintln!("log and data of `{}` are kept in {kept:?}", self.spec.program);
        }
    }
}

fn signal(child: &Child, signal: Signal) {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = rustix::process::kill_process(pid, signal);
    }
}

async fn wait_end(child: &mut Child, timeout: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + timeout;
    while Instant::now() < deadline {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        sleep(POLL).await;
    }
    None
}
