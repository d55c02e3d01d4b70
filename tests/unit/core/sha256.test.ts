import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Random } from '../../../src/core/random';
import { Sha256, sha256 } from '../../../src/core/sha256';

const bytesOf = (random: Random, length: number) =>
	Uint8Array.from({ length }, () => random.int(256));
const expected = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('SHA-256 gives the digests of FIPS 180-4', () => {
	expect(sha256('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
	expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
	expect(sha256('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq')).toBe(
		'248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1'
	);
});

test('SHA-256 of every length around two blocks is that of another implementation', () => {
	const random = new Random(1);
	for (let length = 0; length <= 130; length++) {
		const bytes = bytesOf(random, length);
		expect(new Sha256().update(bytes).digest()).toBe(expected(bytes));
	}
});

test('SHA-256 does not depend on how the bytes are cut', () => {
	const random = new Random(2);
	for (let round = 0; round < 50; round++) {
		const bytes = bytesOf(random, random.int(5000));
		const hash = new Sha256();
		for (let at = 0; at < bytes.length;) {
			const piece = bytes.subarray(at, at + random.int(200));
			hash.update(piece);
			at += piece.length;
		}
		expect(hash.digest()).toBe(expected(bytes));
	}
});

test('a finished digest stays what it is and takes nothing more', () => {
	const hash = new Sha256().update(Uint8Array.of(1, 2, 3));
	expect(hash.digest()).toBe(hash.digest());
	expect(() => hash.update(Uint8Array.of(4))).toThrow('finished');
});
