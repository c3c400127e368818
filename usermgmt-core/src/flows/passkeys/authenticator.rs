//! What makes passkeys, by name.

/// Models of authenticators that many people have, as the community's list names
/// them (github.com/passkeydeveloper/passkey-authenticator-aaguids), and Yubico's of
/// its keys. Nothing attests it: it is a name to begin with, and no more.
const KNOWN: &[(u128, &str)] = &[
    (0xfbfc3007_154e_4ecc_8c0b_6e020557d7bd, "iCloud Keychain"),
    (0xdd4ec289_e01d_41c9_bb89_70fa845d4bf2, "iCloud Keychain"),
    (0xea9b8d66_4d01_1d21_3ce4_b6b48cb575d4, "Google Password Manager"),
    (0xadce0002_35bc_c60a_648b_0b25f1f05503, "Chrome on Mac"),
    (0xb5397666_4885_aa6b_cebf_e52262a439a2, "Chromium"),
    (0x771b48fd_d3d4_4f74_9232_fc157ab0507a, "Edge on Mac"),
    (0x08987058_cadc_4b81_b6e1_30de50dcbe96, "Windows Hello"),
    (0x9ddd1817_af5a_4672_a2b9_3e3dd95000a9, "Windows Hello"),
    (0x6028b017_b1d4_4c02_b4b3_afcdafc96bb2, "Windows Hello"),
    (0xd3452668_01fd_4c12_926c_83a4204853aa, "Microsoft Password Manager"),
    (0x53414d53_554e_4700_0000_000000000000, "Samsung Pass"),
    (0xbada5566_a7aa_401f_bd96_45619a55120d, "1Password"),
    (0xd548826e_79b4_db40_a3d8_11116f7e8349, "Bitwarden"),
    (0x531126d6_e717_415c_9320_3d9aa6981239, "Dashlane"),
    (0xfdb141b2_5d84_443e_8a35_4698c205a502, "KeePassXC"),
    (0x50726f74_6f6e_5061_7373_50726f746f6e, "Proton Pass"),
    (0xb84e4048_15dc_4dd0_8640_f4f60813c8af, "NordPass"),
    (0x0ea242b4_43c4_4a1b_8b17_dd6d0b6baec6, "Keeper"),
    (0xf3809540_7f14_49c1_a8b3_8f813b225541, "Enpass"),
    (0xb78a0a55_6ef8_d246_a042_ba0f6d55050c, "LastPass"),
    (0xcb69481e_8ff7_4039_93ec_0a2729a154a8, "YubiKey 5"),
    (0xee882879_721c_4913_9775_3dfcce97072a, "YubiKey 5"),
    (0x19083c3d_8383_4b18_bc03_8f1c9ab2fd1b, "YubiKey 5"),
    (0xff4dac45_ede8_4ec2_aced_cf66103f4335, "YubiKey 5"),
    (0xfa2b99dc_9e39_4257_8f92_4a30d23c4118, "YubiKey 5 NFC"),
    (0x2fc0579f_8113_47ea_b116_bb5a8db9202a, "YubiKey 5 NFC"),
    (0xa25342c0_3cdc_4414_8e46_f4807fca511c, "YubiKey 5 NFC"),
    (0xd7781e5d_e353_46aa_afe2_3ca49f13332a, "YubiKey 5 NFC"),
    (0xc5ef55ff_ad9a_4b9f_b580_adebafe026d0, "YubiKey 5Ci"),
    (0xa02167b9_ae71_4ac7_9a07_06432ebb6f1c, "YubiKey 5Ci"),
    (0x24673149_6c86_42e7_98d9_433fb5b73296, "YubiKey 5Ci"),
];

/// What made the passkey of this attestation object, where it is known.
pub(super) fn name(attestation_object: &[u8]) -> Option<&'static str> {
    let model = aaguid(attestation_object)?;
    KNOWN.iter().find(|(id, _)| *id == model).map(|(_, name)| *name)
}

/// The model that the authenticator data names: after a hash of 32 bytes, the flags,
/// and a counter of four (WebAuthn Level 3, 6.1 and 6.5.1). The object itself was
/// read by whoever verified it.
fn aaguid(attestation_object: &[u8]) -> Option<u128> {
    // In CBOR (RFC 8949): a text of eight bytes, then the head of a byte string.
    const KEY: &[u8] = b"\x68authData";
    let at = attestation_object.windows(KEY.len()).position(|bytes| bytes == KEY)? + KEY.len();
    let data = match attestation_object.get(at..)? {
        [0x58, _, data @ ..] | [0x59, _, _, data @ ..] => data,
        _ => return None,
    };
    Some(u128::from_be_bytes(data.get(37..53)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_model_has_two_names() {
        for (number, (id, name)) in KNOWN.iter().enumerate() {
            assert!(KNOWN[..number].iter().all(|(other, _)| other != id), "{name}");
            assert!(name.chars().count() <= super::super::MAX_PASSKEY_NAME, "{name}");
        }
    }

    #[test]
    fn what_is_cut_short_has_no_name() {
        for cut in [&b""[..], b"\x68authData", b"\x68authData\x58\x40short", b"\x68authData\x01"] {
            assert_eq!(name(cut), None);
        }
    }
}
