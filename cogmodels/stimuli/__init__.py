"""Images and what vision models make of them: backbones, feature maps, sampling that coarsens away from gaze."""
