import { init, jit, nn, numpy as np, hessian, jacfwd, jacrev, grad, linearize, jvp, vmap, type Array as T, tree } from "@jax-js/jax";
import { random, uniform } from "./random.ts";
await init("wasm");
const sizes=[2,16,16,1], N=256;
const P=sizes.slice(1).reduce((s,u,i)=>s+u*(sizes[i]!+1),0);
const next=random(1);
const x=uniform("f64",N*2,next), y=uniform("f64",N,next), p=uniform("f64",P,next,.5);
for (const act of ["relu","tanh"]) {
const X=np.array(x).reshape([N,2]), Y=np.array(y).reshape([N,1]);
const loss=(flat:T, X:T,Y:T)=>{
  let o=0; let h:any=X;
  const parts:any[]=[];
  for(let l=0;l<3;l++){const [i,u]=[sizes[l]!,sizes[l+1]!];
    const w=flat.ref.slice([o,o+u*i]).reshape([u,i]); o+=u*i;
    const b=flat.ref.slice([o,o+u]); o+=u;
    h=np.matmul(h,w.transpose()).add(b);
    if(l<2) h=act==="relu"?nn.relu(h):np.tanh(h);
  }
  flat.dispose();
  return np.square(h.sub(Y)).mean();
};

const variants:any={
 hess:()=>jit(((f:any,X:any,Y:any)=>hessian(((p:any)=>loss(p,X.ref,Y.ref)) as any)(f)) as any),
 rev:()=>jit(((f:any,X:any,Y:any)=>jacrev(grad(((p:any)=>loss(p,X.ref,Y.ref)) as any) as any)(f)) as any),
 eager:()=>((f:any,X:any,Y:any)=>hessian(((p:any)=>loss(p,X.ref,Y.ref)) as any)(f)),
 lin:()=>jit(((f:any,X:any,Y:any)=>{const [o,lf]=linearize(grad(((p:any)=>loss(p,X.ref,Y.ref)) as any) as any,[f]) as any; o.dispose(); const r=vmap(((v:any)=>lf(v)) as any,[0])(np.eye(P,undefined as any,{dtype:f.dtype} as any)); return r;}) as any),
};
for (const [name,f] of Object.entries(variants) as any) {
 try{
  const fn:any=f();
  const call=()=>fn(np.array(p),X.ref,Y.ref).dataSync();
  for(let k=0;k<4;k++){const t=performance.now(); const r=call(); console.log(act,name,(performance.now()-t).toFixed(0),r.length,r[0],r[337*5+200]);}
  fn.dispose?.();
 }catch(e){console.log(act,name,"ERR",(e as Error).message.slice(0,300))}
}}
