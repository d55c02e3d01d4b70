/** Every section of the benchmark, where it runs, and its rows with their targets. */
import type { RowSpec, Target } from './rows';

export interface SectionSpec {
	name: string;
	/** 'page': on the page's main thread, where the browser accounts for JavaScript; 'worker': off it, as the app trains. */
	place: 'worker' | 'page';
	needsGpu: boolean;
	/** Seconds before it is given up: many times what a quiet machine needs. */
	limitS: { quick: number; full: number };
	rows: readonly RowSpec[];
}

const atMost = (value: number): Target => ({ is: '<=', value });
const atLeast = (value: number): Target => ({ is: '>=', value });
const exactly = (value: number): Target => ({ is: '=', value });

export function row(name: string, unit: string, target: Target | null = null): RowSpec {
	return { name, unit, target };
}

/** Difference over magnitude against float64; a loss curve against the cpu's. */
export const parityRows = (backend: string): RowSpec[] => [
	row(`${backend} parity: scores against float64`, 'of the largest', atMost(2e-5)),
	row(`${backend} parity: gradients against float64`, 'of the largest', atMost(2e-5)),
	row(`${backend} parity: loss curve, 10 steps`, 'nats', atMost(1e-4)),
	row(`${backend} parity: loss curve, 50 steps`, 'nats', atMost(1e-3))
];

export const steadinessRows = (backend: string): RowSpec[] => [
	row(`${backend} memory: allocated / live, smallest shape`, 'times'),
	row(`${backend} memory: growth`, 'bytes', exactly(0)),
	row(`${backend} determinism: numbers that differ after 50 steps`, 'numbers', exactly(0))
];

export const SECTIONS: readonly SectionSpec[] = [
	{
		name: 'wasm-step',
		place: 'worker',
		needsGpu: false,
		limitS: { quick: 150, full: 300 },
		rows: [
			row('wasm step: jax-js / ours', 'times', atLeast(1.3)),
			row('wasm step: plain TensorFlow.js / ours', 'times', atLeast(10)),
			row('wasm step: TensorFlow.js with own gradients / ours', 'times'),
			row('wasm step: ours', 'ms'),
			row('wasm step: ours, loss asked for', 'ms'),
			row('wasm step: jax-js', 'ms'),
			row('wasm step: plain TensorFlow.js', 'ms'),
			row('wasm step: largest difference of losses', 'nats', atMost(1e-3))
		]
	},
	{
		name: 'wasm-rollout',
		place: 'worker',
		needsGpu: false,
		limitS: { quick: 120, full: 180 },
		rows: [
			row('wasm rollout: ours / plain TensorFlow.js', 'times', atLeast(3)),
			row('wasm rollout: ours / TensorFlow.js with own gradients', 'times'),
			row('wasm rollout: ours', 'tokens/s'),
			row('wasm rollout: plain TensorFlow.js', 'tokens/s'),
			row('wasm memory: allocated / live', 'times', atMost(2))
		]
	},
	{
		name: 'webgpu-step',
		place: 'page',
		needsGpu: true,
		limitS: { quick: 300, full: 400 },
		rows: [
			row('WebGPU step: dispatches', 'per step', atMost(90)),
			row('WebGPU step: submits', 'per step', atMost(10)),
			row('WebGPU step: bind groups made', 'per step', exactly(0)),
			row('WebGPU step: JavaScript', 'ms', atMost(1)),
			row("WebGPU step: the thread's whole processor time", 'ms'),
			row('WebGPU step: readbacks', 'per step'),
			row('WebGPU PPO step: dispatches', 'per step'),
			row('WebGPU PPO step: submits', 'per step'),
			row('WebGPU PPO step: readbacks beyond those of SFT', 'per step', atMost(1)),
			row("WebGPU step: engine's counts less those counted outside", 'counts', exactly(0)),
			row('WebGPU first step / tenth step', 'times', atMost(1.5)),
			row('WebGPU pipelines compiled while a step waits', 'pipelines', exactly(0))
		]
	},
	{
		name: 'webgpu-rollout',
		place: 'page',
		needsGpu: true,
		limitS: { quick: 240, full: 300 },
		rows: [
			row('WebGPU rollout: dispatches per token-step', 'dispatches', atMost(32)),
			row('WebGPU rollout: submits per 16 tokens', 'submits', atMost(2)),
			row('WebGPU rollout: readbacks per rollout', 'readbacks', atMost(1)),
			row('WebGPU rollout: bind groups made', 'per rollout'),
			row("webgpu memory: engine's bytes less those counted outside", 'bytes', exactly(0)),
			row('webgpu memory: allocated / live', 'times', atMost(2))
		]
	},
	{
		name: 'wasm-parity',
		place: 'worker',
		needsGpu: false,
		limitS: { quick: 120, full: 180 },
		rows: parityRows('wasm')
	},
	{
		name: 'webgpu-parity',
		place: 'page',
		needsGpu: true,
		limitS: { quick: 240, full: 300 },
		rows: parityRows('webgpu')
	},
	{
		name: 'wasm-steadiness',
		place: 'worker',
		needsGpu: false,
		limitS: { quick: 120, full: 240 },
		rows: steadinessRows('wasm')
	},
	{
		name: 'webgpu-steadiness',
		place: 'page',
		needsGpu: true,
		limitS: { quick: 240, full: 600 },
		rows: steadinessRows('webgpu')
	},
	{
		name: 'poor-adapters',
		place: 'page',
		needsGpu: true,
		limitS: { quick: 120, full: 120 },
		rows: [
			row(
				'poor adapter (no f16, no subgroups, 8 storage buffers): largest difference of losses',
				'nats',
				atMost(1e-4)
			),
			row('poor adapter: tokens of a rollout that differ', 'tokens', exactly(0))
		]
	},
	{
		name: 'app-scale',
		place: 'worker',
		needsGpu: false,
		limitS: { quick: 240, full: 400 },
		rows: [
			row('PPO iteration of the 2.6M model, shared trunk', 's', atMost(10)),
			row('PPO iteration of the 2.6M model, separate critic', 's', atMost(18))
		]
	},
	{
		name: 'smoothness',
		place: 'page',
		needsGpu: false,
		limitS: { quick: 60, full: 60 },
		rows: [row('animation frames while training on wasm, 95th percentile', 'ms', atMost(50))]
	}
];
