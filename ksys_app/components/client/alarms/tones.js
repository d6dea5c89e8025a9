// The sound for each priority: tones with their start in seconds, repeated after `every` seconds.

export const PATTERNS = {
  1: { every: 1.6, tones: [tone(0, 880), tone(0.2, 1175), tone(0.4, 880), tone(0.6, 1175)] },
  2: { every: 3, tones: [tone(0, 740), tone(0.3, 740)] },
  3: { every: 6, tones: [tone(0, 523)] },
  4: { every: 12, tones: [tone(0, 392)] },
};

function tone(at, hertz) {
  return { at, hertz, length: 0.15 };
}

// Plays a pattern once: each tone rises and falls within 10 ms, so that it does not click.
export function play(context, priority) {
  for (const { at, hertz, length } of PATTERNS[priority].tones) {
    const start = context.currentTime + at;
    const oscillator = context.createOscillator();
    const volume = context.createGain();
    oscillator.type = "triangle";
    oscillator.frequency.value = hertz;
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(0.25, start + 0.01);
    volume.gain.setValueAtTime(0.25, start + length - 0.01);
    volume.gain.linearRampToValueAtTime(0, start + length);
    oscillator.connect(volume).connect(context.destination);
    oscillator.start(start);
    oscillator.stop(start + length);
  }
}
