/**
 * Under `require-trusted-types-for 'script'` a worker's address must pass a policy. This one lets through the app's own
 * built files and nothing else: no HTML from strings, no scripts from strings, no other origin.
 */
interface PolicyFactory {
	createPolicy(
		name: string,
		rules: { createScriptURL: (address: string) => string | null }
	): unknown;
}

const { trustedTypes } = globalThis as { trustedTypes?: PolicyFactory };

trustedTypes?.createPolicy('default', {
	createScriptURL: (address) => {
		const url = new URL(address, location.href);
		const ours = new URL('assets/', new URL(import.meta.env.BASE_URL, location.href));
		return url.origin === ours.origin && url.pathname.startsWith(ours.pathname) ? address : null;
	}
});
