/**
 * WGSL twin of `philoxBlock` in src/core/random.ts (Philox4x32-10), and Gumbel noise from its words. u32 products have no high half in
 * WGSL, so it is put together from 16-bit halves.
 */
export const PHILOX = `
fn mulHigh(a : u32, b : u32) -> u32 {
	let low = (a & 0xffffu) * (b & 0xffffu);
	let first = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
	let second = (a & 0xffffu) * (b >> 16u) + (first & 0xffffu);
	return (a >> 16u) * (b >> 16u) + (first >> 16u) + (second >> 16u);
}

fn philox(counter : vec4u, seed : vec2u) -> vec4u {
	var c = counter;
	var key = seed;
	for (var round = 0u; round < 10u; round++) {
		let high0 = mulHigh(0xd2511f53u, c.x);
		let high1 = mulHigh(0xcd9e8d57u, c.z);
		c = vec4u(high1 ^ c.y ^ key.x, 0xcd9e8d57u * c.z, high0 ^ c.w ^ key.y, 0xd2511f53u * c.x);
		key += vec2u(0x9e3779b9u, 0xbb67ae85u);
	}
	return c;
}

// -log(-log(1 - v)) of v = (word + 1/2) / 2^32, exact to a few units where v is small: there lie the draws that win.
fn gumbel(word : u32) -> f32 {
	let v = (f32(word) + 0.5) * 2.3283064365386963e-10;
	let series = v * (1.0 + v * (0.5 + v * (0.333333333 + v * (0.25 + v * (0.2 + v * (0.166666667 + v * 0.142857143))))));
	let exponential = select(-log(max(1.0 - v, 1e-10)), series, v < 0.1);
	return -log(exponential);
}
`;
