/**
 * TEST ONLY. Two self-signed certificates with their private keys, made for these tests and published with them: they
 * protect nothing, and nothing trusts them. Node cannot sign a certificate itself, and a bare machine has no `openssl`.
 *
 *     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 \
 *       -subj "/CN=TEST ONLY loopback" -addext "subjectAltName=IP:127.0.0.1,DNS:localhost"
 */

/** For 127.0.0.1 and localhost. */
export const loopback = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgly0jCqybh2945oMn
oOj+chgxO//No2Mq6CoHMZ5idr6hRANCAATTkO9JWvsmVtORzww4ielIn40E283n
qUDO3Er94fk76eOd2n3r5E1KNUgZQ6B8GkciL9Ox013CIDk2O+jpORhS
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBrjCCAVOgAwIBAgIULXp342mBGX4rgCvJn3TOLvuSsR0wCgYIKoZIzj0EAwIw
HTEbMBkGA1UEAwwSVEVTVCBPTkxZIGxvb3BiYWNrMCAXDTI2MTEyNDA0MzI0MloY
DzIxMjYxMDMxMDQzMjQyWjAdMRswGQYDVQQDDBJURVNUIE9OTFkgbG9vcGJhY2sw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATTkO9JWvsmVtORzww4ielIn40E283n
qUDO3Er94fk76eOd2n3r5E1KNUgZQ6B8GkciL9Ox013CIDk2O+jpORhSo28wbTAd
BgNVHQ4EFgQUiEO2Fo3/J2LysdXvdDxmGzzeKgMwHwYDVR0jBBgwFoAUiEO2Fo3/
J2LysdXvdDxmGzzeKgMwDwYDVR0TAQH/BAUwAwEB/zAaBgNVHREEEzARhwR/AAAB
gglsb2NhbGhvc3QwCgYIKoZIzj0EAwIDSQAwRgIhAIfc3CH2Y7e1USPCixT/LmdS
E0hGjKvq07g1UvLsNJvJAiEAvtww0rRsbu1k41ijvYARsVbBz+slcWF7lLIYH0mc
5wU=
-----END CERTIFICATE-----`
}

/** For `other.invalid`, so wrong for every server of these tests. */
export const otherName = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg7Y2yclI3+/Fh+p6B
o6JBDR6VzLa8aOWMcdI/L9CdIm2hRANCAATa4fwyWNuVitHk+XWFdN0ReED0lfWa
7S6sT6ei4oo667l2g1/hQddrmOp3Tl+A9/Hxhfrz8v96Np7RBiq9i6Mu
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBpjCCAUugAwIBAgIUGVPebxQcHGubPPrSX2NaeeNz91owCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPVEVTVCBPTkxZIG90aGVyMCAXDTI2MTEyNDA0MzI0MloYDzIx
MjYxMDMxMDQzMjQyWjAaMRgwFgYDVQQDDA9URVNUIE9OTFkgb3RoZXIwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAATa4fwyWNuVitHk+XWFdN0ReED0lfWa7S6sT6ei
4oo667l2g1/hQddrmOp3Tl+A9/Hxhfrz8v96Np7RBiq9i6Muo20wazAdBgNVHQ4E
FgQU3+SgIdPMJ4RJWV7eWHRxAv/v+ygwHwYDVR0jBBgwFoAU3+SgIdPMJ4RJWV7e
WHRxAv/v+ygwDwYDVR0TAQH/BAUwAwEB/zAYBgNVHREEETAPgg1vdGhlci5pbnZh
bGlkMAoGCCqGSM49BAMCA0kAMEYCIQDTg0/nKRgx2DWW/8a8k1gpd8Qb4q7+1Js9
DHIaSznzEQIhALWqtTFw3dKVKVLTR3RjX302y1ZqG34bk1gIYKLpOzYz
-----END CERTIFICATE-----`
}
