import axe from 'axe-core';

/** What axe finds in a part of the page, looked at once no colour is on its way to another. */
export async function runAxe(
	where: axe.ElementContext,
	options: axe.RunOptions = {}
): Promise<axe.AxeResults> {
	const transitions = document.getAnimations().filter((one) => one instanceof CSSTransition);
	await Promise.allSettled(transitions.map(({ finished }) => finished));
	return axe.run(where, options);
}
