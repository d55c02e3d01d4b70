/**
 * Words that may upset in a classroom. A word list and no judgement: it knows nothing of what a text says with other words, and
 * flags harmless sentences that hold one of these. One line a family of forms; whole words only ("Essex" is not "sex"). Words
 * whose second sense is common in stories ("shot", "bit", "fat", "blow", "devil") are left out.
 */
import { wordsOf } from './words';

export const DARK_KINDS = ['violence', 'death', 'sexual', 'hateful', 'despair', 'drugs'] as const;
export type DarkKind = (typeof DARK_KINDS)[number];

const WORDS: Readonly<Record<DarkKind, string>> = {
	violence: `
kill kills killed killing killer killers
murder murders murdered murdering murderer murderers murderous
stab stabs stabbed stabbing
strangle strangles strangled strangling
slaughter slaughters slaughtered
massacre massacred
behead beheads beheaded beheading
torture tortures tortured torturing torturer
assault assaults assaulted assaulting
kidnap kidnaps kidnapped kidnapping kidnapper
abuse abuses abused abusing abuser abusive
gun guns gunshot gunfire
bomb bombs bombed bombing
weapon weapons
blood bloody bleed bleeds bled bleeding
gore gory`,
	death: `
die dies died dying
dead deadly
death deaths
corpse corpses
grave graves graveyard
coffin coffins
funeral funerals`,
	sexual: `
sex sexy sexual sexually
rape rapes raped raping rapist rapists
naked nude nudity
porn pornography pornographic
erotic erotica
genital genitals
breasts
molest molests molested molesting molester
prostitute prostitutes prostitution
incest`,
	hateful: `
racist racists racism
nazi nazis
bigot bigots bigotry
subhuman subhumans
retard retards retarded
bitch bitches
bastard bastards
whore whores
slut sluts
faggot faggots
lynch lynched lynching
genocide`,
	despair: `
suicide suicides suicidal
hopeless hopelessly hopelessness
worthless worthlessness
despair despairs despaired despairing
overdose overdosed`,
	drugs: `
cocaine heroin meth
drunk drunken drunkard
alcohol alcoholic alcoholics
vodka whisky whiskey`
};

const KIND_OF: ReadonlyMap<string, DarkKind> = new Map(
	DARK_KINDS.flatMap((kind) =>
		WORDS[kind]
			.split(/\s+/u)
			.filter((word) => word !== '')
			.map((word) => [word, kind] as const)
	)
);

const POSSESSIVE = /'s$/u;

/** Kinds of dark words that stand in the texts, each once, in the order of `DARK_KINDS`; empty where there are none. */
export function darkKinds(texts: readonly string[]): DarkKind[] {
	const found = new Set(
		texts.flatMap((text) =>
			wordsOf(text).map((word) => KIND_OF.get(word) ?? KIND_OF.get(word.replace(POSSESSIVE, '')))
		)
	);
	return DARK_KINDS.filter((kind) => found.has(kind));
}

/** How many forms the list has: said beside the switch, so that nobody takes it for more than it is. */
export const DARK_WORD_COUNT = KIND_OF.size;
