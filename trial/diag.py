import torch, numpy as np, sys, time, math
from dataclasses import replace
from pathlib import Path
from train.recipes import RECIPES
from train.small.cache import CachedClips
import train.small.world as W
from train.clips import to_unit, ray_maps
from train.model.joint import Pair, JointVideoPose
from train.weights import new_model
torch.set_num_threads(1); torch.manual_seed(0)
mode=sys.argv[1]; steps=int(sys.argv[2]); N=int(sys.argv[3]); lr=float(sys.argv[4])
cfg=RECIPES['small_joint_pose_only'](64)
cfg=replace(cfg,denoiser=replace(cfg.denoiser,multi_view=False))
m=new_model(cfg,seed=0)
world=W.read_world(Path('/tmp/beg/world'),num_frames=33); clips=world.train
ca=CachedClips(Path('/tmp/beg/anch/clips/clips-cc8a015f3263a401'),clips,(64,64))
g=np.random.default_rng(0)
idx=g.permutation(len(clips))[:N]
Z=[];T=[];txt=[]
with torch.no_grad():
  for i in idx:
    vs=[ca.view(int(i),q) for q in range(4)]
    Z.append(m.pose_codec.encode(torch.stack([to_unit(x.pose[::2]) for x in vs]))); T.append(m.pose_codec.encode(torch.stack([to_unit(x.template_pose[None]) for x in vs])))
    txt.append(m.text([clips[int(i)].caption])[0])
Z=torch.stack(Z);T=torch.stack(T);txt=torch.stack(txt); print(Z.shape, 'change ms',(Z-T).square().mean().item(), 'text rms',txt.square().mean().item())
if 'center' in mode:
    mu=T.mean((0,1,3,4,5),keepdim=True); 
    # ground removed: constant of an empty block
    mu=T[...,:1,:1][:1,:1,:,:1]; Z=Z-mu;T=T-mu; print('cond rms',T.square().mean().sqrt().item())
if 'id' in mode:
    e=torch.randn(N,1,96); txt=torch.cat([e,torch.zeros(N,23,96)],1)
d=m.denoiser
if 'gates' in mode:
    with torch.no_grad():
        for b_ in d.wan.blocks: b_.scale_shift_table[:,2].fill_(1.0); b_.scale_shift_table[:,5].fill_(1.0)
if 'out0' in mode:
    with torch.no_grad(): d.wan.proj_out.weight.zero_(); d.wan.proj_out.bias.zero_()
opt=torch.optim.AdamW(d.parameters(),lr=lr,weight_decay=0.0,betas=(.9,.99))
B=16; t0=time.time(); acc=[]
for step in range(steps):
    for gp in opt.param_groups: gp['lr']=lr*min(1,(step+1)/50)*(0.05+.95*(1+math.cos(math.pi*step/steps))/2)
    b=g.integers(0,N,B); v=g.integers(0,4,B); fr=sorted(g.permutation(17)[:4].tolist())
    z=Z[b,v][:,None][:,:,:,fr]; t=T[b,v][:,None]
    s=torch.ones(B) if 'one' in mode else torch.from_numpy(4*(u:=(np.arange(B)+g.random())/B)/(1+3*u)).float()
    S=s.view(-1,1,1,1,1,1)
    x=(1-S)*z+S*torch.randn_like(z)
    if 'est' in mode:
        from train.model.block import corrected
        xin=corrected(torch.zeros_like(z),noisy=x,condition=t,sigma=S)
        object.__setattr__(d,'config',replace(cfg.denoiser,corrects_estimate=False,sees_estimate=False))
    else: xin=x
    o=d(Pair(xin,xin),condition=Pair(t,t),timestep=1000*s,text=txt[b],rays=torch.zeros(B,1,6,8,8),frames=fr).pose
    if 'est' in mode: o=corrected(o,noisy=x,condition=t,sigma=S)
    w=s.clamp(min=.15).view(-1,1,1,1,1,1)**-2
    loss=((o-z).square()*w).mean()
    opt.zero_grad(); loss.backward(); gn=torch.nn.utils.clip_grad_norm_(d.parameters(),1.0); opt.step()
    with torch.no_grad(): acc.append((((o-z).square()*w).mean().item(),((t-z).square()*w).mean().item()))
    if (step+1)%100==0:
        a=np.array(acc[-100:]).mean(0); print(mode,step+1,f'{a[0]:.4f} static {a[1]:.4f} ratio {a[0]/a[1]:.3f} gn {gn:.3f} {time.time()-t0:.0f}s',flush=True)
