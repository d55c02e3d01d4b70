/**
 * Regular expressions that a person types in, matched by an automaton in time linear in the text (Thompson 1968; Cox 2007,
 * "Regular expression matching can be simple and fast"): the built-in ones backtrack, and one careless pattern would hang the
 * page with no way to stop it. What an automaton cannot do is refused by name: back-references and looking around.
 */
import {
	type Assertion,
	isWord,
	parseSyntax,
	type PatternProblem,
	Refusal,
	type SyntaxNode,
	type Test
} from './pattern-syntax';

export interface Pattern {
	/** Whether it matches anywhere in the text, of which the first 10,000 characters are read. */
	matches(text: string): boolean;
}

export type ParsedPattern =
	{ pattern: Pattern; problem: null } | { pattern: null; problem: PatternProblem; at: number };

/** Longer ones are no rules that a person reads. */
const MOST_CHARACTERS = 200;
/** After counted repetition is written out. */
const MOST_STATES = 500;
/** Of building it: repetitions of nothing make no states and still take time. */
const MOST_WORK = 20 * MOST_STATES;
const MOST_TEXT = 10_000;

const code = (character: string): number => character.codePointAt(0) ?? -1;

/** One step of the automaton; `next` are states. */
type State =
	| { kind: 'one'; test: Test; next: number }
	| { kind: 'assert'; assertion: Assertion; next: number }
	| { kind: 'split'; next: number[] }
	| { kind: 'done' };

/** States of the automaton, built from the end: `compile` gives the state from which a node leads to `next`. */
class Automaton implements Pattern {
	readonly #states: State[] = [{ kind: 'done' }];
	readonly #start: number;
	#work = 0;

	constructor(node: SyntaxNode) {
		this.#start = this.#compile(node, 0);
	}

	#add(state: State): number {
		if (this.#states.length >= MOST_STATES) {
			throw new Refusal('too-large', 0);
		}
		return this.#states.push(state) - 1;
	}

	#compile(node: SyntaxNode, next: number): number {
		if (this.#work++ > MOST_WORK) {
			throw new Refusal('too-large', 0);
		}
		switch (node.kind) {
			case 'one':
				return this.#add({ ...node, next });
			case 'assert':
				return this.#add({ ...node, next });
			case 'all':
				return node.parts.reduceRight((after, part) => this.#compile(part, after), next);
			case 'any':
				return this.#add({
					kind: 'split',
					next: node.options.map((option) => this.#compile(option, next))
				});
			case 'repeat':
				return this.#repeat(node, next);
		}
	}

	#repeat({ node, least, most }: Extract<SyntaxNode, { kind: 'repeat' }>, next: number): number {
		let after = next;
		if (most === Infinity) {
			const loop = { kind: 'split' as const, next: [next] };
			const again = this.#add(loop);
			loop.next.push(this.#compile(node, again));
			after = again;
		}
		for (let n = least; n < most && most !== Infinity; n++) {
			after = this.#add({ kind: 'split', next: [next, this.#compile(node, after)] });
		}
		for (let n = 0; n < least; n++) {
			after = this.#compile(node, after);
		}
		return after;
	}

	matches(text: string): boolean {
		const points = Array.from(text.slice(0, MOST_TEXT), code);
		let current = new Set<number>();
		for (let i = 0; i <= points.length; i++) {
			const before = points[i - 1] ?? -1;
			const here = points[i] ?? -1;
			current = this.#reached([...current, this.#start], before, here);
			if (current.has(0)) {
				return true;
			}
			const following = new Set<number>();
			for (const index of current) {
				const state = this.#states[index];
				if (state?.kind === 'one' && here >= 0 && state.test(here)) {
					following.add(state.next);
				}
			}
			current = following;
		}
		return false;
	}

	/** All states that can be reached without reading a character. */
	#reached(from: number[], before: number, here: number): Set<number> {
		const reached = new Set<number>();
		const open = [...from];
		for (let index = open.pop(); index !== undefined; index = open.pop()) {
			const state = this.#states[index];
			if (!state || reached.has(index)) {
				continue;
			}
			reached.add(index);
			if (state.kind === 'split') {
				open.push(...state.next);
			}
			if (state.kind === 'assert' && holds(state.assertion, before, here)) {
				open.push(state.next);
			}
		}
		return reached;
	}
}

function holds(assertion: Assertion, before: number, here: number): boolean {
	switch (assertion) {
		case 'start':
			return before < 0;
		case 'end':
			return here < 0;
		case 'boundary':
			return isWord(before) !== isWord(here);
		case 'no-boundary':
			return isWord(before) === isWord(here);
	}
}

/** A pattern, or why it is not one and at which character. */
export function parsePattern(source: string, { ignoreCase = true } = {}): ParsedPattern {
	if (source.length > MOST_CHARACTERS) {
		return { pattern: null, problem: 'too-long', at: MOST_CHARACTERS };
	}
	try {
		return { pattern: new Automaton(parseSyntax(source, ignoreCase)), problem: null };
	} catch (cause) {
		if (cause instanceof Refusal) {
			return { pattern: null, problem: cause.problem, at: cause.at };
		}
		throw cause;
	}
}
