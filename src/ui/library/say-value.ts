import { en } from '../../i18n/en';

/** A setting's value as a person reads it: numbers in full, for two that differ must look different. */
export const sayValue = (value: number | boolean | string): string =>
	typeof value === 'boolean' ? (value ? en.link.on : en.link.off) : String(value);
