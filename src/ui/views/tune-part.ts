/** Pages under Tune, as they stand in the address: #/tune/step-through. */
export const STEP_THROUGH_PART = 'step-through';
export const PLAYGROUND_PART = 'playground';
