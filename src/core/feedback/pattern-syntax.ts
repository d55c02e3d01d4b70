/**
 * The syntax of patterns that a person types in: a tree of what they mean, by recursive descent over code points. Understood,
 * with the meaning of JavaScript's flag `u`: characters, escapes, `.`, classes, groups, `|`, `^ $ \b \B`, and `* + ? {n}
 * {n,} {n,m}`; a lazy `?` after those makes no difference to whether a text matches.
 */

export type PatternProblem =
	'too-long' | 'too-large' | 'look-around' | 'back-reference' | 'not-understood';

/** Whether a code point belongs to a class. */
export type Test = (codePoint: number) => boolean;
export type Assertion = 'start' | 'end' | 'boundary' | 'no-boundary';

export type SyntaxNode =
	| { kind: 'one'; test: Test }
	| { kind: 'assert'; assertion: Assertion }
	| { kind: 'all'; parts: SyntaxNode[] }
	| { kind: 'any'; options: SyntaxNode[] }
	| { kind: 'repeat'; node: SyntaxNode; least: number; most: number };

/** Thrown by the parser and caught by `parsePattern`; `at` counts characters. */
export class Refusal extends Error {
	readonly problem: PatternProblem;
	readonly at: number;

	constructor(problem: PatternProblem, at: number) {
		super(problem);
		this.problem = problem;
		this.at = at;
	}
}

const code = (text: string): number => text.codePointAt(0) ?? -1;
const between =
	(low: string, high: string): Test =>
	(c) =>
		c >= code(low) && c <= code(high);
const isDigit = between('0', '9');
export const isWord: Test = (c) =>
	isDigit(c) || between('a', 'z')(c) || between('A', 'Z')(c) || c === code('_');
/** JavaScript's \s: white space and line ends of Unicode. */
const isSpace: Test = (c) => c >= 0 && /\s/u.test(String.fromCodePoint(c));
const isLineEnd: Test = (c) => c === 10 || c === 13 || c === 0x2028 || c === 0x2029;
const not =
	(test: Test): Test =>
	(c) =>
		!test(c);

const CLASSES: Readonly<Record<string, Test>> = {
	d: isDigit,
	D: not(isDigit),
	w: isWord,
	W: not(isWord),
	s: isSpace,
	S: not(isSpace)
};
const CONTROLS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v' };
/** A higher count makes an automaton that is refused anyway. */
const MOST_COUNT = 100_000;
const SYNTAX = '^$\\.*+?()[]{}|/';

/** Recursive descent over code points. */
class Parser {
	readonly #source: readonly string[];
	readonly #ignoreCase: boolean;
	#at = 0;

	constructor(source: string, ignoreCase: boolean) {
		this.#source = Array.from(source);
		this.#ignoreCase = ignoreCase;
	}

	parse(): SyntaxNode {
		const node = this.#alternatives();
		if (this.#at < this.#source.length) {
			throw this.#refuse('not-understood');
		}
		return node;
	}

	#refuse(problem: PatternProblem): Refusal {
		return new Refusal(problem, this.#at);
	}

	#peek(): string | undefined {
		return this.#source[this.#at];
	}

	#take(expected?: string): string {
		const taken = this.#peek();
		if (taken === undefined || (expected !== undefined && taken !== expected)) {
			throw this.#refuse('not-understood');
		}
		this.#at++;
		return taken;
	}

	#skip(expected: string): boolean {
		const isThere = this.#source.slice(this.#at, this.#at + expected.length).join('') === expected;
		this.#at += isThere ? expected.length : 0;
		return isThere;
	}

	#alternatives(): SyntaxNode {
		const options = [this.#sequence()];
		while (this.#skip('|')) {
			options.push(this.#sequence());
		}
		return options.length === 1 && options[0] ? options[0] : { kind: 'any', options };
	}

	#sequence(): SyntaxNode {
		const parts: SyntaxNode[] = [];
		for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')';) {
			parts.push(this.#repeated());
			next = this.#peek();
		}
		return { kind: 'all', parts };
	}

	#repeated(): SyntaxNode {
		const node = this.#atom();
		const counts = this.#counts();
		if (!counts) {
			return node;
		}
		if (node.kind === 'assert') {
			throw this.#refuse('not-understood');
		}
		this.#skip('?');
		return { kind: 'repeat', node, ...counts };
	}

	#counts(): { least: number; most: number } | null {
		if (this.#skip('*')) {
			return { least: 0, most: Infinity };
		}
		if (this.#skip('+')) {
			return { least: 1, most: Infinity };
		}
		if (this.#skip('?')) {
			return { least: 0, most: 1 };
		}
		if (!this.#skip('{')) {
			return null;
		}
		const least = this.#number();
		let most = least;
		if (this.#skip(',')) {
			most = this.#peek() === '}' ? Infinity : this.#number();
		}
		this.#take('}');
		if (most < least) {
			throw this.#refuse('not-understood');
		}
		return { least, most };
	}

	#number(): number {
		let digits = '';
		while (isDigit(code(this.#peek() ?? ''))) {
			digits += this.#take();
		}
		if (digits === '') {
			throw this.#refuse('not-understood');
		}
		return Math.min(Number(digits), MOST_COUNT);
	}

	#atom(): SyntaxNode {
		const taken = this.#take();
		switch (taken) {
			case '.':
				return { kind: 'one', test: not(isLineEnd) };
			case '^':
				return { kind: 'assert', assertion: 'start' };
			case '$':
				return { kind: 'assert', assertion: 'end' };
			case '(':
				return this.#group();
			case '[':
				return { kind: 'one', test: this.#class() };
			case '\\':
				return this.#escape();
			default:
				if (SYNTAX.includes(taken) && taken !== '/') {
					this.#at--;
					throw this.#refuse('not-understood');
				}
				return this.#literal(taken);
		}
	}

	#group(): SyntaxNode {
		if (this.#skip('?') && !this.#skip(':')) {
			const isLooking = ['=', '!', '<=', '<!'].some((sign) => this.#skip(sign));
			throw this.#refuse(isLooking ? 'look-around' : 'not-understood');
		}
		const node = this.#alternatives();
		this.#take(')');
		return node;
	}

	#escape(): SyntaxNode {
		const next = this.#peek() ?? '';
		if (next === 'b' || next === 'B') {
			this.#at++;
			return { kind: 'assert', assertion: next === 'b' ? 'boundary' : 'no-boundary' };
		}
		if (isDigit(code(next)) || next === 'k') {
			throw this.#refuse('back-reference');
		}
		const test = this.#escapedTest();
		return typeof test === 'string' ? this.#literal(test) : { kind: 'one', test };
	}

	/** A class by its letter, or the character that is meant. */
	#escapedTest(): Test | string {
		const next = this.#take();
		const known = Object.hasOwn(CLASSES, next) ? CLASSES[next] : undefined;
		const control = Object.hasOwn(CONTROLS, next) ? CONTROLS[next] : undefined;
		const meant = known ?? control;
		if (meant !== undefined) {
			return meant;
		}
		if (!SYNTAX.includes(next) && next !== '-') {
			this.#at--;
			throw this.#refuse('not-understood');
		}
		return next;
	}

	#class(): Test {
		const isNegated = this.#skip('^');
		const tests: Test[] = [];
		while (this.#peek() !== ']') {
			const low = this.#classMember();
			const isRange = this.#peek() === '-' && this.#source[this.#at + 1] !== ']';
			if (!isRange) {
				tests.push(typeof low === 'string' ? this.#same(low) : low);
				continue;
			}
			this.#take('-');
			const high = this.#classMember();
			if (typeof low !== 'string' || typeof high !== 'string' || code(high) < code(low)) {
				throw this.#refuse('not-understood');
			}
			tests.push(this.#withCase(between(low, high)));
		}
		this.#take(']');
		const isIn: Test = (c) => tests.some((test) => test(c));
		return isNegated ? not(isIn) : isIn;
	}

	#classMember(): Test | string {
		const taken = this.#take();
		if (taken === '[') {
			this.#at--;
			throw this.#refuse('not-understood');
		}
		return taken === '\\' ? this.#escapedTest() : taken;
	}

	#literal(character: string): SyntaxNode {
		return { kind: 'one', test: this.#same(character) };
	}

	#same(character: string): Test {
		return this.#withCase((c) => c === code(character));
	}

	/** With case ignored, a character passes if any of its cases would. */
	#withCase(test: Test): Test {
		if (!this.#ignoreCase) {
			return test;
		}
		return (c) => {
			if (test(c)) {
				return true;
			}
			const text = c < 0 ? '' : String.fromCodePoint(c);
			const [lower, upper] = [text.toLowerCase(), text.toUpperCase()];
			return test(single(lower)) || test(single(upper));
		};
	}
}

/** The code point of a text that is one; -1 otherwise (ß has no single upper case). */
function single(text: string): number {
	const c = code(text);
	return c >= 0 && String.fromCodePoint(c) === text ? c : -1;
}

/** Throws Refusal where the source is no pattern, or none that an automaton can match. */
export function parseSyntax(source: string, ignoreCase: boolean): SyntaxNode {
	return new Parser(source, ignoreCase).parse();
}
