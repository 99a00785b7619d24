import numpy as np, torch, cv2
from pathlib import Path
from dataclasses import replace
from train.recipes import RECIPES
from train.small.cache import CachedClips
import train.small.world as W
from train.weights import codec_of
from train.clips import to_unit
from train.sampling.sampler import pose_maps
from train.watching.readability import read_drawn
from types import SimpleNamespace as NS
cfg=RECIPES['small_joint'](64)
world=W.read_world(Path('/tmp/beg/world'),num_frames=33)
ca=CachedClips(Path('/tmp/beg/anch/clips/clips-4183dcb50ef011a7'),world.held_out,(64,64))
pc=codec_of(cfg.pose_codec,{}); rc=codec_of(cfg.codec,{})
ch=[];co=[];chr_=[]
us=[];mp=[];dr=[]
for i in range(0,127,8):
    v=[ca.view(i,k) for k in range(4)]
    fr=torch.stack([to_unit(x.pose[::2]) for x in v]); z=pc.encode(fr); t=pc.encode(torch.stack([to_unit(x.template_pose[None]) for x in v]))
    ch.append((z-t).square().mean((0,2,3,4))); co.append(t.square().mean((0,2,3,4)))
    r=torch.stack([to_unit(x.rgb[::2]) for x in v]); zr=rc.encode(r); tr=rc.encode(torch.stack([to_unit(x.template_rgb[None]) for x in v])); chr_.append((zr-tr).square().mean())
    m=pose_maps(NS(config=cfg,pose_codec=pc),ca.geometry(i),pc.decode(z))
    rd=read_drawn(None,m,ca.geometry(i),cfg,definition=cfg.pose_map).reading
    us.append(rd.usable_share); mp.append(rd.mpjpe_pct); dr.append(rd.bone_drift_pct)
    if i in (0,40): cv2.imwrite(f'/tmp/beg/cal{i}.png',cv2.resize(np.concatenate([np.concatenate([x.template_rgb,x.template_pose,x.pose[16],x.pose[32],m[k,8],m[k,16],x.rgb[16]],1) for k,x in enumerate(v)])[...,::-1],None,fx=3,fy=3,interpolation=0))
ch=torch.stack(ch); print('change rms',ch.mean().sqrt(), 'per ch',ch.mean(0).sqrt().numpy().round(3)); print('cond rms',torch.stack(co).mean().sqrt(),'rgb change rms',torch.stack(chr_).mean().sqrt())
print('usable',np.mean(us),np.min(us),'mpjpe',np.mean(mp),'drift',np.mean([d for d in dr if d is not None]))
