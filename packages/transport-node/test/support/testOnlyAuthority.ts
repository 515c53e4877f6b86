/**
 * TEST ONLY. A certificate authority with what it signed, made for these tests and published with them, private keys
 * included: it protects nothing, and nothing trusts it. Node cannot sign a certificate itself, and a bare machine has no
 * `openssl`. The root signs the intermediate, which signs the server's and the client's; the root's and the
 * intermediate's keys were thrown away.
 *
 *     openssl req -x509 -key root.key -days 36500 -subj "/CN=TEST ONLY root" -addext "basicConstraints=critical,CA:TRUE"
 *     openssl x509 -req -in server.csr -CA intermediate.pem -CAkey intermediate.key -days 36500 -extfile server.ext
 *     openssl pkcs8 -topk8 -in client.key -v2 aes-256-cbc -passout pass:test-only-passphrase
 */

/** The certificate that a client needs to trust the others. */
export const root = `-----BEGIN CERTIFICATE-----
MIIBmTCCAT+gAwIBAgIUXjp7uAM5z1PCLfDEBtLD4llolGswCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOVEVTVCBPTkxZIHJvb3QwIBcNMjYxMTI1MTYxMjMxWhgPMjEy
NjExMDExNjEyMzFaMBkxFzAVBgNVBAMMDlRFU1QgT05MWSByb290MFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEhh01xmlcVaJpq2phXKC/ijAh26itwkuww9uLb30A
XiY104uJx7T3Tu/0tt0GNeZAef2f05tEbkQfwEUFR9y96KNjMGEwHQYDVR0OBBYE
FC9sPSI4IAPX/qQCio27/NfRpB3TMB8GA1UdIwQYMBaAFC9sPSI4IAPX/qQCio27
/NfRpB3TMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgIEMAoGCCqGSM49
BAMCA0gAMEUCICk4ME+j+MEkN+Tk6+uIBc2EHjNDWHq5nb2bbj4+iehSAiEAql7b
+OAOmsaEeLb6u9D10J5f2qtDQMqYf+J9jR0H2UI=
-----END CERTIFICATE-----`

const intermediate = `-----BEGIN CERTIFICATE-----
MIIBmjCCAUCgAwIBAgIUJ5iQNazg/wBd29QRuQ7BrU5OsqQwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOVEVTVCBPTkxZIHJvb3QwIBcNMjYxMTI1MTYxMjMxWhgPMjEy
NjExMDExNjEyMzFaMBoxGDAWBgNVBAMMD1RFU1QgT05MWSBpbnRlcjBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABFrhnNSpj0s0TfDzEv0PBilWU/imlckqGOIX7Puz
paGG5K/MHl5Cr9sgx3ddbWq23+Ue8gQycpf/nVle3jiYhKyjYzBhMA8GA1UdEwEB
/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgIEMB0GA1UdDgQWBBQMPhUZTCmymfqztZX+
z/RciQ4szDAfBgNVHSMEGDAWgBQvbD0iOCAD1/6kAoqNu/zX0aQd0zAKBggqhkjO
PQQDAgNIADBFAiEAzqZ0kUCDJVBL7sxsgkY/j/d/rBrwW+2rd249BsOueAECICM+
h3GrS6NJ40/NfYHCLdlE/pp1jPNRb0DzBTWFmKHF
-----END CERTIFICATE-----`

/** For 127.0.0.1 and localhost, with the chain up to the root. */
export const server = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg16VxSUzE3k7012Xd
EKwjnhTBrAYSzt6c5txdBhUmyLahRANCAARX958fELODHCGixLEWrMp5ovsz1kJl
o4k+c20a551RTsCVJxMn3bpfeQHZwHyKgxjxMNi5w0qpO1BpGYsU5hxk
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBqzCCAVKgAwIBAgIUaii3jPf5jDl3JKat0WkawJjmo0MwCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPVEVTVCBPTkxZIGludGVyMCAXDTI2MTEyNTE2MTIzMloYDzIx
MjYxMTAxMTYxMjMyWjAbMRkwFwYDVQQDDBBURVNUIE9OTFkgc2VydmVyMFkwEwYH
KoZIzj0CAQYIKoZIzj0DAQcDQgAEV/efHxCzgxwhosSxFqzKeaL7M9ZCZaOJPnNt
GuedUU7AlScTJ926X3kB2cB8ioMY8TDYucNKqTtQaRmLFOYcZKNzMHEwGgYDVR0R
BBMwEYcEfwAAAYIJbG9jYWxob3N0MBMGA1UdJQQMMAoGCCsGAQUFBwMBMB0GA1Ud
DgQWBBT3U80Jrx4zO164OvwQklNDy1dOHzAfBgNVHSMEGDAWgBQMPhUZTCmymfqz
tZX+z/RciQ4szDAKBggqhkjOPQQDAgNHADBEAiBcxbCpoVNuP3VnE6X/juckK00a
Qrr+dXK0sNp5utUJrQIgXnWqmm3+cWO/+mQZ5UxaKihj/526f6GlPy86Zuparq8=
-----END CERTIFICATE-----\n${intermediate}`
}

/** For a client, with the chain up to the root. */
export const client = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgGCLJvVutu+l3rOli
w5WCmMa8u/v845snJWHVFu1o7suhRANCAATMG1ejKA1aKkOEKUxypy8w/prLgf5t
MfNNA+AeVmsKZkS2ro6VtZRN1xNUNSkl6fwZwG+4BLgbNHU1vG9C+HZt
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBkDCCATagAwIBAgIUMwxvJRSjjD3JvgpyLTPcpXOEW1AwCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPVEVTVCBPTkxZIGludGVyMCAXDTI2MTEyNTE2MTIzMloYDzIx
MjYxMTAxMTYxMjMyWjAbMRkwFwYDVQQDDBBURVNUIE9OTFkgY2xpZW50MFkwEwYH
KoZIzj0CAQYIKoZIzj0DAQcDQgAEzBtXoygNWipDhClMcqcvMP6ay4H+bTHzTQPg
HlZrCmZEtq6OlbWUTdcTVDUpJen8GcBvuAS4GzR1NbxvQvh2baNXMFUwEwYDVR0l
BAwwCgYIKwYBBQUHAwIwHQYDVR0OBBYEFCq7KoK/zsX78KN2O/1Y16HlxGmzMB8G
A1UdIwQYMBaAFAw+FRlMKbKZ+rO1lf7P9FyJDizMMAoGCCqGSM49BAMCA0gAMEUC
IQCh5htcnfMLbCvyebSjkvMYevD0aoVOZ/dLtPst5KLs8AIgQO8o+VYb2Uz6OmLb
+vgbmc4oE2sfEtfatAMD9fgZYjo=
-----END CERTIFICATE-----\n${intermediate}`
}

/** The client's key again, encrypted with a passphrase. */
export const encrypted = {
  key: `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhh+0Tbdao1oAICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEGRfw+8ui4iBj7jjCoqYjtwEgZAK
24YY3SpZ7BM855sHX/cq4UPo3AMh1Nw3GrNflsaQ3wsJedIzImOWwWDu8WakwVyx
cMA7B7IrTrHpYevCdXVeD4jvN6ZUWFKb754eT4aaSq0zjg2QNM8TwKdkOIL2Up8S
R/FEx/jWaCtrOJ+9q+9YDjEEOVCAUupkljol6EQqMk2sFh51vw8gFuDzaF/8SFY=
-----END ENCRYPTED PRIVATE KEY-----`,
  passphrase: "test-only-passphrase"
}
