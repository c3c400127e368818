//! What an authenticator app does.

/// The code of a secret in base32 at a time in seconds since the epoch.
pub fn code(secret: &str, seconds: i64) -> String {
    let totp = totp_rs::Builder::new()
        .with_algorithm(totp_rs::Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(30)
        .with_secret(totp_rs::Secret::try_from_base32(secret).unwrap())
        .build()
        .unwrap();
    totp.generate(u64::try_from(seconds).unwrap()).to_string()
}
