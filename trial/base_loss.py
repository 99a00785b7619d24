import torch, numpy as np
from pathlib import Path
from train.recipes import RECIPES
from train.small.cache import CachedClips
import train.small.world as W
from train.weights import codec_of
from train.clips import to_unit
from train.model.block import corrected
cfg=RECIPES['small_joint'](64)
world=W.read_world(Path('/tmp/beg/world'),num_frames=33)
ca=CachedClips(Path('/tmp/beg/anch/clips/clips-4183dcb50ef011a7'),world.held_out,(64,64))
cs={'pose':codec_of(cfg.pose_codec,{}),'rgb':codec_of(cfg.codec,{})}
tot={}
torch.manual_seed(0)
for i in range(0,127,8):
  for name in cs:
    v=[ca.view(i,k) for k in range(4)]
    z=cs[name].encode(torch.stack([to_unit(getattr(x,name)[::4]) for x in v]))[None]; t=cs[name].encode(torch.stack([to_unit(getattr(x,'template_'+name)[None]) for x in v]))[None]
    for j in range(16):
        u=(j+.5)/16; s=4*u/(1+3*u); S=torch.tensor(s).view(1,1,1,1,1,1)
        x=(1-s)*z+s*torch.randn_like(z)
        p=corrected(torch.zeros_like(z),noisy=x,condition=t,sigma=S)
        w=max(s,.15)**-2
        tot.setdefault(name,[]).append((((p-z)**2).mean()*w).item()); tot.setdefault(name+' static',[]).append((((t-z)**2).mean()*w).item())
print({k:np.mean(v) for k,v in tot.items()})
