import { createContext } from 'svelte';
import type { Studio } from './studio.svelte';

/** The studio of this page; `getStudio` throws where none was set. */
export const [getStudio, setStudio] = createContext<Studio>();
