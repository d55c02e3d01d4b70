import { en } from '../../i18n/en';
import type { ListedSet } from '../../state/prompts.svelte';

/** The name a person gave, or that of what the set holds. */
export function setName({ holds, name }: ListedSet): string {
	return holds === 'own' ? name : en.prompts.names[holds];
}
