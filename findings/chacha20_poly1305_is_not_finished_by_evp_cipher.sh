#!/bin/bash
# libcrypto of Debian 12: one way to end a record that works for GCM, and for ChaCha20-Poly1305 leaves no tag.
set -euo pipefail
cd "$(dirname "$0")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
./packages_of.sh bookworm "$work/root" libssl3=3.0.20-1~deb12u2 libssl-dev=3.0.20-1~deb12u2
cat >"$work/tag.c" <<'PROGRAM'
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
static void show(const char *name, const EVP_CIPHER *cipher, int by_evp_cipher) {
  unsigned char key[32] = {1}, nonce[12] = {2}, text[16] = {3}, tag[16] = {0};
  int size = 0;
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  EVP_EncryptInit_ex2(context, cipher, key, nonce, NULL);
  EVP_EncryptUpdate(context, text, &size, text, sizeof text);
  int returned = by_evp_cipher ? EVP_Cipher(context, NULL, NULL, 0) : EVP_EncryptFinal_ex(context, text, &size);
  EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, sizeof tag, tag);
  unsigned char none[16] = {0};
  printf("%s by %s: returned %d, tag %s\n", name, by_evp_cipher ? "EVP_Cipher" : "EVP_EncryptFinal_ex", returned,
         memcmp(tag, none, sizeof tag) == 0 ? "of zeros" : "there");
  EVP_CIPHER_CTX_free(context);
}
int main(void) {
  puts(OPENSSL_VERSION_TEXT);
  for (int by_evp_cipher = 0; by_evp_cipher < 2; ++by_evp_cipher) {
    show("AES-256-GCM", EVP_aes_256_gcm(), by_evp_cipher);
    show("ChaCha20-Poly1305", EVP_chacha20_poly1305(), by_evp_cipher);
  }
}
PROGRAM
libraries=$work/root/usr/lib/x86_64-linux-gnu
cc -I"$work/root/usr/include" -I"$work/root/usr/include/x86_64-linux-gnu" -o "$work/tag" "$work/tag.c" "$libraries/libcrypto.so.3"
LD_LIBRARY_PATH=$libraries "$work/tag" | tee "$work/seen"
diff "$work/seen" - <<'SEEN' || { echo 'that has changed'; exit 1; }
OpenSSL 3.0.20 7 Apr 2026
AES-256-GCM by EVP_EncryptFinal_ex: returned 1, tag there
ChaCha20-Poly1305 by EVP_EncryptFinal_ex: returned 1, tag there
AES-256-GCM by EVP_Cipher: returned 0, tag there
ChaCha20-Poly1305 by EVP_Cipher: returned 0, tag of zeros
SEEN
