//! How a child process is spawned: by a thread that never ends, through `setpriv`.
//!
//! `PR_SET_PDEATHSIG` fires when the *thread* that spawned the child ends, so a server that several tests share must not
//! belong to the thread of the first one.

use std::fs::OpenOptions;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, mpsc};

use anyhow::{Context as _, Result};

/// User and group `nobody` of every common distribution.
const NOBODY: u32 = 65_534;

/// One child to spawn.
pub(super) struct Order {
    pub(super) program: String,
    pub(super) arguments: Vec<String>,
    pub(super) environment: Vec<(String, String)>,
    pub(super) directory: PathBuf,
    pub(super) log: PathBuf,
    pub(super) unprivileged: bool,
}

type Job = (Order, mpsc::Sender<Result<Child>>);

static SPAWNER: LazyLock<mpsc::Sender<Job>> = LazyLock::new(|| {
    let (sender, jobs) = mpsc::channel::<Job>();
    let serve = move || {
        for (order, answer) in jobs {
            let _ = answer.send(spawn(&order));
        }
    };
    std::thread::Builder::new().name("spawner".into()).spawn(serve).expect("a thread");
    sender
});

pub(super) fn launch(order: Order) -> Result<Child> {
    let (sender, answer) = mpsc::channel();
    SPAWNER.send((order, sender)).context("the spawner thread is gone")?;
    answer.recv().context("the spawner thread is gone")?
}

fn spawn(order: &Order) -> Result<Child> {
    let log = OpenOptions::new().create(true).append(true).open(&order.log).context("open the server's log")?;
    let mut command = Command::new("setpriv");
    command.arg("--pdeathsig=KILL");
    if order.unprivileged && is_root() {
        command.args([format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"), "--clear-groups".into()]);
    }
    command.arg("--").arg(&order.program).args(&order.arguments);
    command.envs(order.environment.iter().map(|(name, value)| (name, value))).current_dir(&order.directory);
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    command.spawn().with_context(|| format!("start `{}` through `setpriv` of util-linux", order.program))
}

/// Makes `nobody` the owner of a directory, where the test runs as root.
pub(super) fn give_to_nobody(directory: &Path) -> Result<()> {
    if is_root() {
        chown(directory, Some(NOBODY), Some(NOBODY)).context("give the server's directory to `nobody`")?;
    }
    Ok(())
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
