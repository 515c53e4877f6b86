/**
 * TEST ONLY. A self-signed certificate for 127.0.0.1 and localhost with its private key. Both were made for these tests and are
 * published with them. So the certificate protects nothing, and nothing trusts it.
 *
 *     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 \
 *       -subj "/CN=TEST ONLY e2e" -addext "subjectAltName=IP:127.0.0.1,DNS:localhost"
 */
export const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJIS6HES4U9OT4QFt
Qn9SAsOG0KsdOBY2WqmMOWSyTrKhRANCAASKUMb23ISydThbPvbTmlNzr82cymtb
OLs97XBBOFIYcWiG2EeZjMnVrabJ5+K1SihBgRMJHiU6Eo3UjPhLJ0Pu
-----END PRIVATE KEY-----`

export const cert = `-----BEGIN CERTIFICATE-----
MIIBozCCAUmgAwIBAgIUD0rneRvAs2cELDEhzvymoQFVtBIwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNVEVTVCBPTkxZIGUyZTAgFw0yNjExMjUxNjI0MDNaGA8yMTI2
MTEwMTE2MjQwM1owGDEWMBQGA1UEAwwNVEVTVCBPTkxZIGUyZTBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABIpQxvbchLJ1OFs+9tOaU3OvzZzKa1s4uz3tcEE4Uhhx
aIbYR5mMydWtpsnn4rVKKEGBEwkeJToSjdSM+EsnQ+6jbzBtMB0GA1UdDgQWBBTf
waHTJ1GUCo4B8CA7f1Ynhqgp4jAfBgNVHSMEGDAWgBTfwaHTJ1GUCo4B8CA7f1Yn
hqgp4jAPBgNVHRMBAf8EBTADAQH/MBoGA1UdEQQTMBGHBH8AAAGCCWxvY2FsaG9z
dDAKBggqhkjOPQQDAgNIADBFAiBZv7Fss+FH8HgsdOzy/W66RsDc92xpYxxTjWu3
zSp2dQIhANSKkMYYLfbxeEzrzOwzlbIJCDraveoL9EjNHTkbXEQ5
-----END CERTIFICATE-----`
