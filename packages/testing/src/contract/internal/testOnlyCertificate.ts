/**
 * TEST ONLY. A self-signed certificate for 127.0.0.1 with its private key. Both were made for this contract and are published
 * with it. So the certificate protects nothing, and nothing may trust it. It is a file, because Node cannot sign a certificate.
 *
 *     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 \
 *       -subj "/CN=TEST ONLY loopback" -addext "subjectAltName=IP:127.0.0.1,DNS:localhost"
 */
export const certificate = {
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
