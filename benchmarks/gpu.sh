#!/usr/bin/env bash
# Measures the engines on this machine's NVIDIA GPU; exit code 3 if there is none.
# ONNX Runtime needs CUDA 12 and cuDNN 9; deeplearning4j needs a card of compute capability up to 8.9, CUDA 11.6 and cuDNN 8.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# Batches of 1024 crops and the decoders' queue take more than a gigabyte.
export TAGSTREAM_JAVA_OPTS=${TAGSTREAM_JAVA_OPTS:--Xmx8g}

if ! capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -n 1) ||
  [[ -z $capability ]]; then
  echo "no NVIDIA GPU found: nvidia-smi lists none" >&2
  exit 3
fi
TAGSTREAM_MAVEN_ARGS=-Ponnxruntime-cuda ./tagstream bench --gpu "$@"
if ((10#${capability/./} <= 89)); then
  TAGSTREAM_MAVEN_ARGS=-Pcuda ./tagstream bench --gpu "$@"
fi
