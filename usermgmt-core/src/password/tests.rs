//! The hasher as its callers see it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, mpsc};

use tokio::task::{JoinSet, yield_now};

use super::*;

/// Counts up, so that salts differ and are known.
#[derive(Debug, Default)]
struct CountingRng(AtomicUsize);

impl SecureRng for CountingRng {
    fn fill(&self, into: &mut [u8]) {
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        for (byte, value) in into.iter_mut().zip(count.to_le_bytes()) {
            *byte = value;
        }
    }
}

/// Holds every thread that draws a salt until it is opened.
#[derive(Debug, Default)]
struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
    drawn: AtomicUsize,
}

impl Gate {
    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }
}

impl SecureRng for Gate {
    fn fill(&self, into: &mut [u8]) {
        let open = self.open.lock().unwrap();
        drop(self.opened.wait_while(open, |open| !*open).unwrap());
        self.drawn.fetch_add(1, Ordering::Relaxed);
        into.fill(7);
    }
}

fn config(workers: usize, queue: usize) -> HasherConfig {
    let mut config = HasherConfig::insecure_for_tests();
    config.workers = workers;
    config.queue = queue;
    config
}

fn hasher_with(config: HasherConfig) -> PasswordHasher {
    PasswordHasher::new(config, Arc::new(CountingRng::default())).unwrap()
}

fn hasher() -> PasswordHasher {
    hasher_with(config(2, 128))
}

fn stored(text: &str) -> PasswordHash {
    PasswordHash::from_stored(text.to_owned())
}

/// Whether `password` is right for the stored hash `text`.
async fn verify(hasher: &PasswordHasher, password: &str, text: &str) -> Verdict {
    hasher.verify(&password.into(), Some(&stored(text))).await.unwrap()
}

#[tokio::test]
async fn a_hash_is_a_phc_string_that_only_its_password_verifies() {
    let hasher = hasher();
    let hash = hasher.hash(&"purple otter".into()).await.unwrap();
    let parts: Vec<&str> = hash.expose().split('$').collect();
    assert_eq!(parts[..4], ["", "argon2id", "v=19", "m=8,t=1,p=1"]);
    assert_eq!((parts[4].len(), parts[5].len()), (22, 43));
    assert_eq!(verify(&hasher, "purple otter", hash.expose()).await, Verdict::Right);
    assert_eq!(verify(&hasher, "purple otter ", hash.expose()).await, Verdict::Wrong);
}

#[tokio::test]
async fn one_password_hashed_twice_gives_two_hashes() {
    let hasher = hasher();
    let first = hasher.hash(&"purple otter".into()).await.unwrap();
    let second = hasher.hash(&"purple otter".into()).await.unwrap();
    assert_ne!(first, second);
}

#[tokio::test]
async fn the_default_parameters_hash_and_verify() {
    let hasher = hasher_with(HasherConfig::default());
    let hash = hasher.hash(&"purple otter".into()).await.unwrap();
    assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert_eq!(verify(&hasher, "purple otter", hash.expose()).await, Verdict::Right);
}

/// The reference implementation's test.c.
#[tokio::test]
async fn hashes_of_the_reference_implementation_verify_and_are_outdated() {
    let hasher = hasher();
    for (password, text) in [
        (
            "password",
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$\
             CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        ),
        (
            "password",
            "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$\
             bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
        ),
    ] {
        assert_eq!(verify(&hasher, password, text).await, Verdict::RightOutdated);
        assert_eq!(verify(&hasher, "passwore", text).await, Verdict::Wrong);
    }
}

#[tokio::test]
async fn a_hash_of_other_parameters_is_right_and_outdated() {
    let mut before = config(1, 1);
    before.iterations = 2;
    let hash = hasher_with(before).hash(&"purple otter".into()).await.unwrap();
    assert_eq!(verify(&hasher(), "purple otter", hash.expose()).await, Verdict::RightOutdated);
}

#[tokio::test]
async fn composed_and_decomposed_text_is_one_password() {
    let hasher = hasher();
    let hash = hasher.hash(&"caf\u{e9} \u{fb01}sh".into()).await.unwrap();
    assert_eq!(verify(&hasher, "cafe\u{301} fish", hash.expose()).await, Verdict::Right);
}

#[tokio::test]
async fn without_a_hash_the_answer_is_wrong() {
    let verdict = hasher().verify(&"purple otter".into(), None).await;
    assert_eq!(verdict, Ok(Verdict::Wrong));
}

#[tokio::test]
async fn what_is_no_hash_or_asks_for_too_much_is_wrong() {
    let hasher = hasher();
    let salt_and_tag = "c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let hex = "00".repeat(32);
    for text in [
        String::new(),
        "purple otter".to_owned(),
        "$".repeat(600),
        format!("$argon2id$v=19$m=4194304,t=1,p=1${salt_and_tag}"),
        format!("$argon2id$v=19$m=65537,t=1,p=1${salt_and_tag}"),
        format!("$argon2id$v=19$m=4294967296,t=1,p=1${salt_and_tag}"),
        format!("$argon2id$v=19$m=8,t=65,p=1${salt_and_tag}"),
        format!("$argon2id$v=19$m=1024,t=1,p=17${salt_and_tag}"),
        format!("$argon2id$v=19$m=8,t=1,p=2${salt_and_tag}"),
        format!("$argon2id$v=19$m=8,t=0,p=1${salt_and_tag}"),
        format!("$argon2id$v=19$m=8,t=1,p=0${salt_and_tag}"),
        format!("$argon2id$v=19$m=+8,t=1,p=1${salt_and_tag}"),
        format!("$argon2id$v=19$t=1,m=8,p=1${salt_and_tag}"),
        format!("$argon2id$v=19$m=8,t=1,p=1,x=1${salt_and_tag}"),
        format!("$argon2id$v=17$m=8,t=1,p=1${salt_and_tag}"),
        format!("$argon2id$v=16$m=65537,t=1,p=1${salt_and_tag}"),
        format!("$argon2i$v=19$m=4194304,t=1,p=1${salt_and_tag}"),
        format!("argon2$argon2id$v=19$m=102400,t=2,p=8${salt_and_tag}"),
        format!("argon2$${salt_and_tag}"),
        format!("$argon2${salt_and_tag}"),
        format!("scrypt:2147483648:8:1$salt${hex}"),
        format!("scrypt$2147483648$salt$8$1${salt_and_tag}"),
        format!("pbkdf2:sha256:999999999999$salt${hex}"),
        format!("pbkdf2_sha256$999999999999$salt${salt_and_tag}"),
        format!("$pbkdf2-sha256$999999999999${salt_and_tag}"),
        format!("pbkdf2:sha256:1000$salt${}", "00".repeat(129)),
        "bcrypt_sha256$$2b$31$abcdefghijklmnopqrstuum174eFeoTj0DHmtuueFaS3Wde4P7wHG".to_owned(),
        "$argon2id$v=19$m=8,t=1,p=1$$".to_owned(),
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$".to_owned(),
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAA".to_owned(),
        format!("scrypt:1048576:8:1$salt${hex}"),
        format!("scrypt:1024:8:4294967295$salt${hex}"),
        format!("scrypt:1024:4294967295:1$salt${hex}"),
        format!("scrypt:2:1:1000000$salt${hex}"),
        format!("scrypt:1000:8:1$salt${hex}"),
        format!("scrypt:0:8:1$salt${hex}"),
        format!("scrypt:1024:0:1$salt${hex}"),
        format!("scrypt:1024:8:1$salt${hex}0"),
        "scrypt:1024:8:1$salt$é".to_owned(),
        "scrypt:1024:8:1$salt$".to_owned(),
        format!("$scrypt$ln=64,r=8,p=1${salt_and_tag}"),
        format!("pbkdf2:sha256:2000001$salt${hex}"),
        format!("pbkdf2:sha256:0$salt${hex}"),
        format!("pbkdf2:md5:1000$salt${hex}"),
        format!("$pbkdf2-sha256$i=1000,l=31${salt_and_tag}"),
        "plain$$purple otter".to_owned(),
        "$2b$31$abcdefghijklmnopqrstuum174eFeoTj0DHmtuueFaS3Wde4P7wHG".to_owned(),
        "$2b$15$abcdefghijklmnopqrstuum174eFeoTj0DHmtuueFaS3Wde4P7wHG".to_owned(),
    ] {
        assert!(Stored::parse(&text, 8, &[]).is_none(), "{text}");
        assert_eq!(verify(&hasher, "purple otter", &text).await, Verdict::Wrong, "{text}");
    }
}

#[tokio::test]
async fn sixty_four_at_once_are_all_served_each_with_its_own_answer() {
    let hasher = hasher();
    let mut larger = config(1, 8);
    larger.memory_kib = 64;
    let larger = hasher_with(larger);
    let mut tasks = JoinSet::new();
    for number in 0..64 {
        let password = PlaintextPassword::from(format!("password {number}"));
        // Memory of two sizes takes turns in the same workers.
        let made_by = if number % 2 == 0 { &hasher } else { &larger };
        let hash = made_by.hash(&password).await.unwrap();
        let hasher = hasher.clone();
        tasks.spawn(async move {
            let right = hasher.verify(&password, Some(&hash)).await.unwrap();
            let other = PlaintextPassword::from(format!("password {}", number + 1));
            let wrong = hasher.verify(&other, Some(&hash)).await.unwrap();
            (right.is_right(), wrong)
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers, [(true, Verdict::Wrong); 64]);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_recovers() {
    let gate = Arc::new(Gate::default());
    let hasher = PasswordHasher::new(config(1, 2), gate.clone()).unwrap();
    let mut tasks = JoinSet::new();
    for _ in 0..3 {
        let hasher = hasher.clone();
        tasks.spawn(async move { hasher.hash(&"purple otter".into()).await });
    }
    yield_now().await;
    let overloaded = HashError::Overloaded { retry_after: Duration::from_secs(1) };
    assert_eq!(hasher.hash(&"one too many".into()).await, Err(overloaded.clone()));
    assert_eq!(hasher.verify(&"one too many".into(), None).await, Err(overloaded));
    gate.open();
    assert!(tasks.join_all().await.iter().all(Result::is_ok));
    assert!(hasher.hash(&"purple otter".into()).await.is_ok());
}

#[tokio::test]
async fn room_that_was_taken_is_kept_until_it_is_used_or_let_go() {
    let hasher = hasher_with(config(1, 2));
    let mut taken: Vec<_> = (0..3).map(|_| hasher.reserve().unwrap()).collect();
    assert!(matches!(hasher.reserve(), Err(HashError::Overloaded { .. })));
    assert!(matches!(hasher.hash(&"one too many".into()).await, Err(HashError::Overloaded { .. })));
    drop(taken.pop());
    let hash = hasher.hash(&"purple otter".into()).await.unwrap();
    let room = taken.pop().unwrap();
    assert_eq!(room.verify(&"purple otter".into(), Some(&hash)).await, Ok(Verdict::Right));
}

#[tokio::test]
async fn work_that_nobody_waits_for_is_skipped_and_makes_room() {
    let gate = Arc::new(Gate::default());
    let hasher = PasswordHasher::new(config(1, 2), gate.clone()).unwrap();
    let mut tasks = JoinSet::new();
    let spawn = |tasks: &mut JoinSet<_>| {
        let hasher = hasher.clone();
        tasks.spawn(async move { hasher.hash(&"purple otter".into()).await })
    };
    spawn(&mut tasks);
    yield_now().await;
    let gone = [spawn(&mut tasks), spawn(&mut tasks)];
    yield_now().await;
    gone.iter().for_each(|task| task.abort());
    yield_now().await;
    let (first, second) = (spawn(&mut tasks), spawn(&mut tasks));
    yield_now().await;
    assert!(!first.is_finished() && !second.is_finished(), "refused");
    gate.open();
    let mut done = 0;
    while let Some(result) = tasks.join_next().await {
        done += usize::from(result.is_ok_and(|hash| hash.is_ok()));
    }
    assert_eq!((done, gate.drawn.load(Ordering::Relaxed)), (3, 3));
}

/// Panics the first time.
#[derive(Debug, Default)]
struct BrokenOnce(AtomicUsize);

impl SecureRng for BrokenOnce {
    fn fill(&self, into: &mut [u8]) {
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        assert_ne!(count, 0, "no randomness");
        into.fill(7);
    }
}

#[tokio::test]
async fn a_panic_is_told_to_its_caller_and_harms_no_other() {
    let hasher = PasswordHasher::new(config(1, 1), Arc::new(BrokenOnce::default())).unwrap();
    let password = PlaintextPassword::from("purple otter");
    assert_eq!(hasher.hash(&password).await, Err(HashError::Stopped));
    let hash = hasher.hash(&password).await.unwrap();
    assert_eq!(hasher.verify(&password, Some(&hash)).await, Ok(Verdict::Right));
}

/// Tells when the last of those who hold it has let go.
#[derive(Debug)]
struct Farewell(mpsc::Sender<()>);

impl SecureRng for Farewell {
    fn fill(&self, into: &mut [u8]) {
        into.fill(7);
    }
}

impl Drop for Farewell {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

#[tokio::test]
async fn the_threads_end_with_the_last_handle() {
    let (sender, farewell) = mpsc::channel();
    let hasher = PasswordHasher::new(config(2, 2), Arc::new(Farewell(sender))).unwrap();
    let clone = hasher.clone();
    drop(hasher);
    assert!(clone.hash(&"purple otter".into()).await.is_ok());
    assert!(farewell.try_recv().is_err());
    drop(clone);
    assert_eq!(farewell.recv_timeout(Duration::from_secs(30)), Ok(()));
}

#[test]
fn passwords_and_hashes_do_not_print() {
    let printed = format!("{:?} {:?}", hasher(), stored("$argon2id$secret"));
    assert!(!printed.contains("secret"), "{printed}");
}

/// RFC 9106, 5.3, in memory that was used before and is larger than needed.
#[test]
fn argon2id_gives_the_rfcs_tag_in_used_memory() {
    use argon2::{Algorithm, Argon2, AssociatedData, Block, ParamsBuilder, Version};
    let params = ParamsBuilder::new()
        .m_cost(32)
        .t_cost(3)
        .p_cost(4)
        .data(AssociatedData::new(&[4; 12]).unwrap())
        .build()
        .unwrap();
    let argon2 =
        Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params).unwrap();
    let mut memory = vec![Block::new(); 64];
    for block in &mut memory {
        block.as_mut().fill(u64::MAX);
    }
    let mut tag = [0; 32];
    argon2.hash_password_into_with_memory(&[1; 32], &[2; 16], &mut tag, &mut memory).unwrap();
    let expected = [
        0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c, 0x08, 0xc0, 0x37, 0xa3, 0x4a, 0x8b, 0x53,
        0xc9, 0xd0, 0x1e, 0xf0, 0x45, 0x2d, 0x75, 0xb6, 0x5e, 0xb5, 0x25, 0x20, 0xe9, 0x6b, 0x01,
        0xe6, 0x59,
    ];
    assert_eq!(tag, expected);
}
