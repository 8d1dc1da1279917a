// SPDX-License-Identifier: GPL-2.0-or-later
/* SHA-256 by libcrypto. */
#include "util/hash.h"

#include <openssl/evp.h>

#include "util/io.h"
#include "util/mem.h"

struct sha256 {
	EVP_MD_CTX *ctx;
};

struct sha256 *sha256_new(void)
{
	struct sha256 *h = xcalloc(1, sizeof(*h));

	h->ctx = EVP_MD_CTX_new();
	if (!h->ctx || !EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL))
		BUG("libcrypto has no SHA-256");
	return h;
}

void sha256_update(struct sha256 *h, const void *data, size_t len)
{
	if (!EVP_DigestUpdate(h->ctx, data, len))
		BUG("EVP_DigestUpdate failed");
}

struct sha256_hex sha256_finish(struct sha256 *take_h)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	struct sha256_hex hex = { "" };
	unsigned int n = 0;

	if (!EVP_DigestFinal_ex(take_h->ctx, md, &n))
		BUG("EVP_DigestFinal failed");
	for (unsigned int i = 0; i < n && i < 32; i++)
		snprintf(hex.str + (size_t)2 * i, 3, "%02x", md[i]);
	EVP_MD_CTX_free(take_h->ctx);
	free(take_h);
	return hex;
}

struct sha256_hex sha256_of(const void *data, size_t len)
{
	struct sha256 *h = sha256_new();

	sha256_update(h, data, len);
	return sha256_finish(h);
}

int sha256_of_fd(int fd, struct sha256_hex *out, uint64_t *size_bytes)
{
	struct sha256 *h = sha256_new();
	char buf[65536];
	uint64_t total = 0;
	ssize_t n;

	while ((n = io_read(fd, buf, sizeof(buf))) > 0) {
		sha256_update(h, buf, (size_t)n);
		total += (uint64_t)n;
	}
	*out = sha256_finish(h);
	if (size_bytes)
		*size_bytes = total;
	return (int)n;
}
